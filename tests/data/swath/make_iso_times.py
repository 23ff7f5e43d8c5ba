#!/usr/bin/python3
"""Makes iso_times.csv: ISO 8601 dates and times, their seconds since 1970 and those of the first moment after them, as
Python's datetime has them. Empty numbers: no date. Run: /usr/bin/python3 make_iso_times.py"""
import datetime
import pathlib
import random

EPOCH = datetime.datetime(1970, 1, 1)


def seconds(moment):
    return (moment - EPOCH) // datetime.timedelta(seconds=1)


def rows_of(moment):
    """The moment's time to the second, minute, hour, day, month and year."""
    minute = moment.replace(second=0)
    hour, day = minute.replace(minute=0), minute.replace(minute=0, hour=0)
    month, year = day.replace(day=1), day.replace(day=1, month=1)
    yield moment, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment + datetime.timedelta(seconds=1)
    yield minute, minute.strftime("%Y-%m-%dT%H:%M"), minute + datetime.timedelta(minutes=1)
    yield hour, hour.strftime("%Y-%m-%d %HZ"), hour + datetime.timedelta(hours=1)
    yield day, day.strftime("%Y-%m-%d"), day + datetime.timedelta(days=1)
    yield month, month.strftime("%Y-%m"), (month + datetime.timedelta(days=32)).replace(day=1)
    yield year, year.strftime("%Y"), (year + datetime.timedelta(days=370)).replace(day=1, month=1)


def is_date(text):
    try:
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
        return True
    except ValueError:
        return False


def main():
    random.seed(4)
    moments = [datetime.datetime(2000, 2, 29, 23, 59, 59), datetime.datetime(1999, 12, 31, 23, 59, 59),
               datetime.datetime(1970, 1, 1), datetime.datetime(1969, 12, 31, 23, 59, 59),
               datetime.datetime(2024, 2, 29), datetime.datetime(2023, 2, 28, 12), datetime.datetime(1900, 2, 28),
               datetime.datetime(2100, 3, 1)]
    moments += [datetime.datetime(1904, 1, 1) + datetime.timedelta(seconds=random.randrange(200 * 31_556_952))
                for _ in range(60)]
    lines = []
    for moment in moments:
        lines += [f"{text},{seconds(start)},{seconds(stop)}" for start, text, stop in rows_of(moment)]
    wrong = ["2023-02-29T00:00:00", "1900-02-29T00:00:00", "2023-00-10T00:00:00", "2023-13-01T00:00:00",
             "2023-04-31T10:00:00", "2023-04-00T10:00:00", "2023-04-01T24:00:00", "2023-04-01T23:60:00"]
    assert not any(is_date(text) for text in wrong)
    lines += [f"{text},," for text in wrong]
    path = pathlib.Path(__file__).resolve().parent / "iso_times.csv"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
