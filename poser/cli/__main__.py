"""`python -m poser.cli`: the command line where the `poser` script is not on the path."""

from poser.cli.main import main

main()
