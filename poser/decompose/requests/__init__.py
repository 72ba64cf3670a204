"""Requests in natural prose with their plans, made by chance: the studio's own training data."""
