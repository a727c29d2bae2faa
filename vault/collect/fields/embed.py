"""Turns the form's files into C: embed.py OUT.c index.html FILE...

Each FILE gets a name that holds a hash of its content, so that it can be cached for ever; in index.html @FILE@
becomes that name and @FILE:integrity@ its SHA-384 as Subresource Integrity wants it.
"""
import base64
import hashlib
import pathlib
import sys

CONTENT_TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
}


def c_bytes(content):
    lines = [content[i:i + 24] for i in range(0, len(content), 24)]
    return ',\n  '.join(','.join(str(byte) for byte in line) for line in lines)


def main(out, page_path, *asset_paths):
    page = pathlib.Path(page_path)
    page_text = page.read_text(encoding='utf-8')
    files = []
    for path in map(pathlib.Path, asset_paths):
        content = path.read_bytes()
        digest = hashlib.sha384(content).digest()
        name = f'{path.stem}.{digest.hex()[:16]}{path.suffix}'
        integrity = 'sha384-' + base64.b64encode(digest).decode()
        page_text = page_text.replace(f'@{path.name}@', name).replace(f'@{path.name}:integrity@', integrity)
        files.append((name, CONTENT_TYPES[path.suffix], content))
    files.append(('', CONTENT_TYPES[page.suffix], page_text.encode()))
    with open(out, 'w', encoding='ascii') as target:
        target.write('/* Made by embed.py. */\n#include "form.h"\n\n')
        for index, (_, _, content) in enumerate(files):
            target.write(f'static const unsigned char file_{index}[] = {{\n  {c_bytes(content)}}};\n\n')
        target.write('const struct form_file form_files[] = {\n')
        for index, (name, content_type, _) in enumerate(files):
            target.write(f'  {{"{name}", "{content_type}", file_{index}, sizeof file_{index}}},\n')
        target.write('};\nconst size_t form_file_count = sizeof form_files / sizeof *form_files;\n')


main(*sys.argv[1:])
