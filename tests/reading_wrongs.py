"""Further ways in which the code is made wrong: how a service file is read, evaluated and edited."""

from tests.wrongs import Mutant

REFERENCES = "tests/unit/config/test_references.py"
EXPRESSIONS = "tests/unit/config/test_expressions.py"
EVALUATION = "tests/property/test_evaluation.py::test_a_slow_obvious_evaluator_agrees"
READING = (
    Mutant(
        "a chain of references is too deep for some readers only",
        "core/config/references.py",
        "if known is None or len(path) + known[1] > DEPTH_MAX:",
        "if known is None:",
        (REFERENCES,),
    ),
    Mutant(
        "what references lead to grows without end",
        "core/config/references.py",
        "        if self._chars + len(value) > TOGETHER_CHARS_MAX:\n",
        "        if len(value) > TOGETHER_CHARS_MAX:\n",
        (REFERENCES,),
    ),
    Mutant(
        "braces of Docker are taken for a reference",
        "core/config/references.py",
        r"(?!(?<=\{\{)[\w#.\[\]]+\}\})",
        "",
        (REFERENCES,),
    ),
    Mutant(
        "an option that was read with its scope stays as it was",
        "core/config/service.py",
        "        self._references.forget((section, option))\n",
        "",
        (REFERENCES,),
    ),
    Mutant(
        "values are kept although who runs the service has changed",
        "core/config/service.py",
        '        anywhere = base == "type" or of_lists or self._types_refer or self._lists_refer()\n',
        '        anywhere = base == "type" or of_lists or self._types_refer\n',
        (REFERENCES,),
    ),
    Mutant(
        "a type is read with the defaults of the drivers met before",
        "core/config/service.py",
        "        return References(self.names, Written(self))\n",
        "        return self._references\n",
        (REFERENCES,),
    ),
    Mutant(
        "the wider scope wins",
        "core/config/service.py",
        "            for scope in self._scopes_here():\n",
        "            for scope in reversed(self._scopes_here()):\n",
        (EVALUATION,),
    ),
    Mutant(
        "a part of a large size is off by some bytes",
        "core/config/expressions.py",
        'sign = "//" if sign == "/" and isinstance(right, int) else sign',
        "sign = str(sign)",
        (EXPRESSIONS,),
    ),
    Mutant(
        "a name that is no UTF-8 is written into a file",
        "core/config/document.py",
        "    if not named or _FORBIDDEN.search(section + option):\n",
        "    if not named:\n",
        ("tests/unit/config/test_document.py",),
    ),
    Mutant(
        "a resource does not wait for what another value chooses",
        "core/order.py",
        "    if NESTED.search(text):\n",
        "    if not text:\n",
        ("tests/unit/test_order.py",),
    ),
)
