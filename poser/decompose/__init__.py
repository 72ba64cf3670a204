"""The GRPO decomposer: prompt -> action, subjects, goals, trained by set rewards and by outcomes on a twin."""
