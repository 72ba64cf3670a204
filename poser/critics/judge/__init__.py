"""A judge that is not the critic: small convolutional networks that recognise the studio's pictures by themselves."""
