"""`python -m regard` is `regard`."""


def run() -> None:
    """Run the command line."""
    from regard.cli import main

    main()


if __name__ == "__main__":
    run()
