"""The command line: one line a command; heavy imports inside."""


def main() -> None:
    """Say that the commands are not there yet."""
    print("regard: the commands come with the next commits")
