pip install ./docs/examples/plugin      # with -e while you work on it
poser plugins
poser experts check vignette --ask "Put a vignette around the picture"
poser generate "A red car left of a green tree. Put a vignette around the picture." --out vignetted
