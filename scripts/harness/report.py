"""Plain tables for terminals, logs and the README."""

import textwrap

GAP = "  "


def table(header, rows, widths):
    """Lines of a table whose cells are wrapped to these widths; a width of 0: as needed."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [width or max(len(row[column]) for row in cells)
              for column, width in enumerate(widths)]
    lines = []
    for number, row in enumerate(cells):
        wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths)]
        for index in range(max(map(len, wrapped))):
            parts = [(cell[index] if index < len(cell) else "").ljust(width)
                     for cell, width in zip(wrapped, widths)]
            lines.append(GAP.join(parts).rstrip())
        if number == 0:
            lines.append(GAP.join("-" * width for width in widths))
    return lines
