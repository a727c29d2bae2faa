"""As much of JSON Schema 2020-12 as openapi.json uses; an unknown keyword is an error, so that nothing goes unchecked."""
import re

IGNORED = {"description", "default", "summary"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Mismatch(Exception):
    pass


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Schemas:
    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def check(self, value, schema, where="$"):
        schema = self.resolve(schema)
        for keyword, wanted in schema.items():
            if keyword not in IGNORED:
                getattr(self, "check_" + keyword)(value, wanted, schema, where)

    @staticmethod
    def fail(where, why):
        raise Mismatch(f"{where}: {why}")

    def check_type(self, value, wanted, _, where):
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(is_type(value, name) for name in names):
            self.fail(where, f"is no {names}")

    def check_enum(self, value, wanted, _, where):
        if value not in wanted:
            self.fail(where, f"{value!r} is none of {wanted}")

    def check_const(self, value, wanted, _, where):
        if value != wanted:
            self.fail(where, f"{value!r} is not {wanted!r}")

    def check_pattern(self, value, wanted, _, where):
        if isinstance(value, str) and not re.search(wanted, value):
            self.fail(where, f"{value!r} does not match {wanted}")

    def check_format(self, value, wanted, _, where):
        assert wanted == "date-time"
        if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            self.fail(where, f"{value!r} is no time")

    def check_minLength(self, value, wanted, _, where):
        if isinstance(value, str) and len(value) < wanted:
            self.fail(where, "is too short")

    def check_maxLength(self, value, wanted, _, where):
        if isinstance(value, str) and len(value.encode()) > wanted:
            self.fail(where, "is too long")

    def check_minimum(self, value, wanted, _, where):
        if is_type(value, "number") and value < wanted:
            self.fail(where, f"{value} is less than {wanted}")

    def check_maximum(self, value, wanted, _, where):
        if is_type(value, "number") and value > wanted:
            self.fail(where, f"{value} is more than {wanted}")

    def check_minItems(self, value, wanted, _, where):
        if isinstance(value, list) and len(value) < wanted:
            self.fail(where, "has too few entries")

    def check_maxItems(self, value, wanted, _, where):
        if isinstance(value, list) and len(value) > wanted:
            self.fail(where, "has too many entries")

    def check_oneOf(self, value, wanted, _, where):
        fitting = 0
        for schema in wanted:
            try:
                self.check(value, schema, where)
                fitting += 1
            except Mismatch:
                pass
        if fitting != 1:
            self.fail(where, f"fits {fitting} of {len(wanted)} descriptions")

    def check_required(self, value, wanted, _, where):
        missing = [name for name in wanted if isinstance(value, dict) and name not in value]
        if missing:
            self.fail(where, f"lacks {missing}")

    def check_properties(self, value, wanted, _, where):
        if isinstance(value, dict):
            for name, schema in wanted.items():
                if name in value:
                    self.check(value[name], schema, f"{where}.{name}")

    def check_additionalProperties(self, value, wanted, schema, where):
        if not isinstance(value, dict):
            return
        for name in value.keys() - schema.get("properties", {}).keys():
            if wanted is False:
                self.fail(where, f"has {name}, which is not described")
            elif wanted is not True:
                self.check(value[name], wanted, f"{where}.{name}")

    def check_propertyNames(self, value, wanted, _, where):
        for name in value if isinstance(value, dict) else ():
            self.check(name, wanted, f"{where}.{name}")

    def check_maxProperties(self, value, wanted, _, where):
        if isinstance(value, dict) and len(value) > wanted:
            self.fail(where, "has too many members")

    def check_items(self, value, wanted, _, where):
        for i, item in enumerate(value if isinstance(value, list) else ()):
            self.check(item, wanted, f"{where}[{i}]")

    def check_minItems(self, value, wanted, _, where):
        if isinstance(value, list) and len(value) < wanted:
            self.fail(where, "has too few items")

    def check_maxItems(self, value, wanted, _, where):
        if isinstance(value, list) and len(value) > wanted:
            self.fail(where, "has too many items")

    def check_uniqueItems(self, value, wanted, _, where):
        if wanted and isinstance(value, list) and len(set(value)) != len(value):
            self.fail(where, "has an item twice")

    def check_oneOf(self, value, wanted, _, where):
        failures = []
        for schema in wanted:
            try:
                self.check(value, schema, where)
            except Mismatch as mismatch:
                failures.append(str(mismatch))
        if len(failures) != len(wanted) - 1:
            self.fail(where, f"fits {len(wanted) - len(failures)} of {len(wanted)}: {failures}")
