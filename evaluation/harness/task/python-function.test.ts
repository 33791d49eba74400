import { expect, test } from "vitest";
import { findPythonSource } from "./python-function.ts";

const MODULE = `import re

@decorated
# about it
def first(
    text,
):
    """Says
nothing indented
    """
    if text:
        return ")"  # (
    # the end of its body

# not of its body
def second(): return 1

class Third(Base):
    def apply(self):
        pass


name = first
def second(): return 2
`;

test("a function's source is its block with decorators and inner comments, as inspect.getsource gives it", () => {
  expect(findPythonSource(MODULE, "first")).toBe(
    '@decorated\n# about it\ndef first(\n    text,\n):\n    """Says\nnothing indented\n    """\n' +
      '    if text:\n        return ")"  # (\n    # the end of its body\n',
  );
  expect(findPythonSource(MODULE, "Third")).toBe("class Third(Base):\n    def apply(self):\n        pass\n");
});

test("of several definitions the last counts, and a name without one has no source", () => {
  expect(findPythonSource(MODULE, "second")).toBe("def second(): return 2\n");
  expect(findPythonSource(MODULE, "name")).toBeNull();
});
