"""A wall clock of its own for one program (libfaketime); its monotonic clock runs on."""

from pathlib import Path

LIBFAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("/missing"))


def wall_clock(setting: str | Path) -> tuple[str, ...]:
    """The command that starts a program with the clock at `setting`, or where a file moves it.

    `@1970-01-01 00:01:00` is a time, `+5h` how far the clock is from the machine's.
    """
    source = "FAKETIME_TIMESTAMP_FILE" if isinstance(setting, Path) else "FAKETIME"
    return (
        *("env", f"LD_PRELOAD={LIBFAKETIME}", f"{source}={setting}"),
        *("FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1"),
    )
