"""Writes openapi.json, without its white space, as a C array: embed.py INPUT OUTPUT."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as source:
    text = json.dumps(json.load(source), separators=(",", ":"), ensure_ascii=True).encode()
with open(sys.argv[2], "w", encoding="utf-8") as target:
    target.write('#include "openapi_text.h"\n\nconst char openapi_text[] = {\n')
    for start in range(0, len(text), 16):
        target.write("  " + " ".join(f"{byte}," for byte in text[start:start + 16]) + "\n")
    target.write("  0};\n")
    target.write(f"const size_t openapi_length = {len(text)};\n")
