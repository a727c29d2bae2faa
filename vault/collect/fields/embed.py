"""Turns the forms' files into C: embed.py OUT.c FILE...

What a page (.html) loads gets a name that holds a hash of its content, so that it can be cached for ever; in pages @FILE@
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


def embed_asset(path):
    content = path.read_bytes()
    digest = hashlib.sha384(content).digest()
    name = f'{path.stem}.{digest.hex()[:16]}{path.suffix}'
    return name, 'sha384-' + base64.b64encode(digest).decode(), content


def embed_page(path, assets):
    text = path.read_text(encoding='utf-8')
    for source, (name, integrity, _) in assets.items():
        text = text.replace(f'@{source.name}@', name).replace(f'@{source.name}:integrity@', integrity)
    return text.encode()


def write_table(target, table, files):
    for index, (_, _, content) in enumerate(files):
        target.write(f'static const unsigned char {table}_{index}[] = {{\n  {c_bytes(content)}}};\n\n')
    target.write(f'const struct form_file form_{table}[] = {{\n')
    for index, (name, content_type, _) in enumerate(files):
        target.write(f'  {{"{name}", "{content_type}", {table}_{index}, sizeof {table}_{index}}},\n')
    target.write('  {NULL, NULL, NULL, 0},\n};\n\n')


def main(out, *paths):
    paths = [pathlib.Path(path) for path in paths]
    assets = {path: embed_asset(path) for path in paths if path.suffix != '.html'}
    pages = [(path.stem, CONTENT_TYPES['.html'], embed_page(path, assets)) for path in paths if path.suffix == '.html']
    with open(out, 'w', encoding='ascii') as target:
        target.write('/* Made by embed.py. */\n#include "form.h"\n\n')
        write_table(target, 'pages', pages)
        write_table(target, 'assets', [(name, CONTENT_TYPES[path.suffix], content)
                                       for path, (name, _, content) in assets.items()])


main(*sys.argv[1:])
