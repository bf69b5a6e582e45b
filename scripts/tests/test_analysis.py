"""What the analysers' parsers make of annotated C and of compilers' output."""

import unittest

from harness import coccinelle
from harness.checks import analysis

ANNOTATED = (
    "static int begin(struct snd_pcm_substream *substream)\n"
    "\t__must_hold_pcm_params(substream)\n"
    "\t__acquires(&substream->self_group) __no_context_analysis /* why */\n"
    "{\n"
    "\treturn 0;\n"
    "}\n"
    "int stop(struct snd_pcm_substream *substream)\n"
    "\t__must_hold_pcm_stream(substream);\n")

PLAIN = (
    "static int begin(struct snd_pcm_substream *substream)\n"
    "\n"
    "\n"
    "{\n"
    "\treturn 0;\n"
    "}\n"
    "int stop(struct snd_pcm_substream *substream)\n"
    ";\n")

BUILD = """\
  CC      sound/core/pcm_lib.o
../sound/core/pcm_lib.c:2:3: error: calling function 'f' requires holding 'l' \
[-Werror,-Wthread-safety-analysis]
../sound/core/pcm_lib.c:9:3: warning: passing pointer 'p' requires holding 'l' \
[-Wthread-safety-pointer]
../sound/core/pcm_lib.c:12:3: warning: unused variable 'i' [-Wunused-variable]
"""


class Plain(unittest.TestCase):
    """Copies for spatch."""

    def test_annotations_go_and_lines_stay(self):
        """Attributes behind arguments are removed; the numbers of the lines stay."""
        self.assertEqual(coccinelle.plain(ANNOTATED), PLAIN)


class ContextWarnings(unittest.TestCase):
    """The compiler's output."""

    def test_only_the_analysis_counts(self):
        """Warnings and errors of the context analysis, and no others."""
        self.assertEqual(len(analysis.CONTEXT_WARNING.findall(BUILD)), 2)


if __name__ == "__main__":
    unittest.main()
