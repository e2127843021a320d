"""`python -m analytics`: the same as the installed `lingxi-analytics`."""

from analytics.cli import main

main()
