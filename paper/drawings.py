"""Small drawings, all strokes: three telephones, the emblem, marks at the corners."""

from math import cos, radians, sin
from typing import Final

from paper.sheet import HEIGHT_MM, WIDTH_MM, Point, Sheet

PHONE_MM: Final = (20.0, 35.0)


def corners(sheet: Sheet, away: float = 8.0, long: float = 5.0) -> None:
    """Where to cut, or to pin. Office printers leave some 5 mm at the edges white."""
    for x, to_right in ((away, 1), (WIDTH_MM - away, -1)):
        for y, down in ((away, 1), (HEIGHT_MM - away, -1)):
            sheet.line((x, y), (x + to_right * long, y), 0.2)
            sheet.line((x, y), (x, y + down * long), 0.2)


def emblem(sheet: Sheet, centre: Point, radius: float) -> None:
    """A boarding house, and the signal that rises over it like a sun; as on the pages."""
    x, y = centre
    unit = radius / 32
    for each in (31, 23):
        sheet.arc((x, y + 14 * unit), each * unit, 45, 90, 3.4 * unit)
    sheet.path(
        [(x, y - 4 * unit), (x + 17 * unit, y + 10.5 * unit), (x - 17 * unit, y + 10.5 * unit)],
        *(0.0,),
        closed=True,
        fill=0,
    )
    sheet.box((x - 12 * unit, y + 10 * unit), 24 * unit, 13 * unit, 2.4 * unit)
    sheet.box((x - 3.5 * unit, y + 15 * unit), 7 * unit, 8 * unit, 0, fill=0)


def waves(sheet: Sheet, centre: Point, radius: float, wide: float) -> None:
    """The sign of Wi-Fi, above its centre."""
    for share in (1, 2 / 3, 1 / 3):
        sheet.arc(centre, radius * share, 45, 90, wide)


def _phone(sheet: Sheet, corner: Point) -> None:
    x, y = corner
    width, height = PHONE_MM
    sheet.box(corner, width, height, 0.9, radius=3)
    sheet.line((x + width / 2 - 2.5, y + 2.2), (x + width / 2 + 2.5, y + 2.2), 0.7)
    sheet.line((x + width / 2 - 3, y + height - 2), (x + width / 2 + 3, y + height - 2), 0.5)


def choosing(sheet: Sheet, corner: Point) -> None:
    """The list of networks; the one at the top is chosen."""
    _phone(sheet, corner)
    x, y = corner
    sheet.box((x + 1.8, y + 4.6), 16.4, 7.4, 0.6, radius=1.2)
    for n in range(3):
        top = y + 6.2 + n * 8.6
        waves(sheet, (x + 5.2, top + 4), 4.2, 0.55)
        sheet.circle((x + 5.2, top + 3.6), 0.45, 0, fill=0)
        end = 13 if n == 0 else 15.5 - n
        sheet.line((x + 8.6, top + 2.2), (x + end, top + 2.2), 1.0 if n == 0 else 0.5)
    sheet.path([(x + 14.2, y + 8.4), (x + 15.2, y + 9.6), (x + 17, y + 6.9)], 0.7)
    hand(sheet, (x + 13, y + 11.5))


def welcome(sheet: Sheet, corner: Point) -> None:
    """The welcome page has come by itself."""
    _phone(sheet, corner)
    x, y = corner
    emblem(sheet, (x + 10, y + 11), 6)
    sheet.line((x + 4, y + 18.5), (x + 16, y + 18.5), 0.9)
    sheet.line((x + 6, y + 21), (x + 14, y + 21), 0.4)
    sheet.box((x + 2.8, y + 23.5), 14.4, 5.2, 0.6, radius=1.2)
    sheet.line((x + 6, y + 26.1), (x + 14, y + 26.1), 0.6)


def tapping(sheet: Sheet, corner: Point) -> None:
    """The one button, and a finger on it."""
    _phone(sheet, corner)
    x, y = corner
    sheet.line((x + 5, y + 7), (x + 15, y + 7), 0.9)
    sheet.line((x + 4, y + 9.6), (x + 16, y + 9.6), 0.4)
    sheet.box((x + 2.2, y + 13), 15.6, 7.4, 0, radius=1.6, fill=0)
    hand(sheet, (x + 13, y + 17.5))


def hand(sheet: Sheet, tip: Point) -> None:
    """A hand whose forefinger ends at `tip`."""
    x, y = tip
    outline = [
        *_round((x, y + 1.3), 1.3, 180, 0),
        *((x + 1.3, y + 7.0),),
        *_round((x + 2.5, y + 7.2), 1.15, 150, 20),
        *_round((x + 4.8, y + 7.8), 1.15, 150, 20),
        *_round((x + 7.0, y + 8.8), 1.1, 140, 0),
        *((x + 8.1, y + 13.5), (x + 6.8, y + 16.5), (x + 0.4, y + 16.5)),
        *((x - 2.0, y + 13.8), (x - 4.4, y + 10.6)),
        *_round((x - 3.5, y + 9.7), 1.2, 215, 60),
        *((x - 1.3, y + 11.0),),
    ]
    sheet.path(outline, 0.6, closed=True, fill=1)
    for n in (1, 2):
        sheet.line((x + 1.4 + 2.25 * (n - 1), y + 8.6), (x + 1.4 + 2.25 * (n - 1), y + 10.4), 0.4)


def _round(centre: Point, radius: float, first: float, last: float) -> list[Point]:
    """Points on a circle, clockwise from one angle to another (0 is right, 90 is up)."""
    steps = 8
    angles = (first + (last - first) * n / steps for n in range(steps + 1))
    return [
        (centre[0] + radius * cos(radians(a)), centre[1] - radius * sin(radians(a))) for a in angles
    ]


def tick(sheet: Sheet, corner: Point, size: float) -> None:
    """A tick as high as `size`, above its corner: of checks that hold."""
    x, y = corner
    sheet.path([(x, y - size * 0.45), (x + size * 0.35, y), (x + size, y - size)], size * 0.16)


def cross(sheet: Sheet, corner: Point, size: float) -> None:
    x, y = corner
    sheet.line((x, y), (x + size, y - size), size * 0.16)
    sheet.line((x, y - size), (x + size, y), size * 0.16)
