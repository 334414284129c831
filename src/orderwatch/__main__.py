"""`python -m orderwatch`: the command line."""

from orderwatch.entrypoints.cli.main import main

main()
