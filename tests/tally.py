#!/usr/bin/env python3
"""Counts what one run of `meson test` did, from the log it leaves, case by case where a program tells its cases.

tally.py BUILD_DIR: prints what failed, with what it said, and what was skipped, with the reason; then, as the last line,
"PASSED FAILED SKIPPED". A program that failed without telling a failing case counts as one; so does a program that was
said to be well and ran nothing.
"""
import json
import pathlib
import re
import sys

TOLD_LINES = 80
CRITERION = re.compile(r'^\[====\] Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)', re.M)
CRITERION_SKIP = re.compile(r'^\[SKIP\] (.*)$', re.M)
UNITTEST = re.compile(r'^Ran (\d+) tests? in', re.M)
UNITTEST_END = re.compile(r'^(?:OK|FAILED)(?: \((.*)\))?$', re.M)
UNITTEST_SKIP = re.compile(r"^.* \.\.\. skipped '?(.*?)'?$", re.M)
UNINTERESTING = re.compile(r'^\[(RUN |PASS)\]')


def cases(text):
    """(passed, failed, reasons of the skipped) as the program told them, or None when it tells no cases."""
    told = CRITERION.search(text)
    if told:
        return int(told[2]), int(told[3]), CRITERION_SKIP.findall(text)
    told = UNITTEST.search(text)
    if told:
        end = UNITTEST_END.findall(text[told.end():])
        counts = dict(pair.split('=') for pair in end[-1].split(', ')) if end and end[-1] else {}
        failed = sum(int(counts.get(kind, 0)) for kind in ('failures', 'errors'))
        skipped = int(counts.get('skipped', 0))
        reasons = UNITTEST_SKIP.findall(text)
        reasons += ['no reason told'] * (skipped - len(reasons))
        return int(told[1]) - failed - skipped, failed, reasons
    return None


def count(record):
    text = record.get('stdout', '') + '\n' + record.get('stderr', '')
    lines = [line for line in text.splitlines() if line.strip() and not UNINTERESTING.match(line)]
    if record['result'] == 'SKIP':
        return 0, 0, lines[-1:] or ['no reason told'], lines
    well = record['result'] in ('OK', 'EXPECTEDFAIL')
    passed, failed, reasons = cases(text) or (int(well), 0, [])
    if (not well and failed == 0) or passed + failed + len(reasons) == 0:
        failed = 1
    return passed, failed, reasons, lines


def main():
    total = [0, 0, 0]
    log = pathlib.Path(sys.argv[1]) / 'meson-logs' / 'testlog.json'
    if not log.exists():
        print('no test ran', '0 1 0', sep='\n')
        return
    for line in log.read_text(errors='replace').splitlines():
        record = json.loads(line)
        passed, failed, reasons, lines = count(record)
        total = [total[0] + passed, total[1] + failed, total[2] + len(reasons)]
        name = record['name'].split(' / ')[-1]
        if failed:
            print(f'\n-- {name}: {record["result"]}, status {record.get("returncode")}', *lines[-TOLD_LINES:], sep='\n')
        for reason in reasons:
            print(f'skipped: {name}: {reason}')
    print(*total)


main()
