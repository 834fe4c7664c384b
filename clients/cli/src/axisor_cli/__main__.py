"""`python -m axisor_cli` is `axisor`."""

from axisor_cli.main import main

main()
