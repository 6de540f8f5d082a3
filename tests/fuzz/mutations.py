"""Ways to bend a file: as a broken disk, a careless program and a careful enemy would."""

from copy import deepcopy

from hypothesis import strategies as st
from lxml import etree

# Characters that readers of text, of CSV, of XML and of lines have each been seen to stumble over.
TOKENS = (
    b'"', b'""', b'"\n', b",", b";", b"\t", b"\n", b"\r\n", b"\r", b"\n\n", b" \n", b"\0", b"\x0b",
    b"\x0c", b"\x1a", b"\x1c", b"\x1f", b"\x7f", b"\x81", b"\xeb", b"\xff", b"\xff\xfe",
    b"\xef\xbb\xbf", "\u0085".encode(), "\u2028".encode(), "\u202e".encode(), "\ufeff".encode(),
    "\U0001f600".encode(), "e\u0301".encode(), b"'", b"\\", b"\\N", b"NULL", b"1e999", b"-0",
    b"9" * 400, b"2026-02-30", b"&amp;", b"&x;", b"&#0;", b"&#x110000;", b"<", b">", b"</Child>",
    b"<Child>", b"<![CDATA[", b"]]>", b"<!-- -->", b"<?x?>", b'<!DOCTYPE a [<!ENTITY b "c">]>',
    b"<CINdetails>", b"<Child/>", b"xmlns='urn:x' ",
)  # fmt: skip
# Values that an attribute of a cell or a row should not have.
ODD = (
    "",
    "0",
    "-1",
    "1e3",
    "A0",
    "XFE9",
    "9" * 12,
    "hidden",
    "inlineStr",
    "e",
    "d",
    "rId1",
    "1900",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "cp500")


@st.composite
def bent(draw: st.DrawFn, seed: bytes) -> bytes:
    """A file after one to four mishaps."""
    data = seed
    if seed.startswith(b"<") and draw(st.booleans()):
        for _ in range(2):
            data = draw(st.one_of(moved_element(data), changed_attribute(data)))
        return data
    for _ in range(draw(st.integers(1, 4))):
        data = draw(st.one_of(*(mishap(data) for mishap in MISHAPS)))
    return data


def _place(data: bytes) -> st.SearchStrategy[int]:
    return st.integers(0, len(data))


@st.composite
def flipped(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(_place(data))
    return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> bytes:
    ends = sorted((draw(_place(data)), draw(_place(data))))
    return draw(st.sampled_from([data[: ends[1]], data[: ends[0]] + data[ends[1] :]]))


@st.composite
def inserted(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(_place(data))
    return data[:at] + draw(st.sampled_from(TOKENS)) + data[at:]


@st.composite
def reordered_lines(draw: st.DrawFn, data: bytes) -> bytes:
    """A line twice, gone, or elsewhere."""
    lines = data.splitlines(keepends=True) or [b""]
    line = lines.pop(draw(st.integers(0, len(lines) - 1)))
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), line)
    return b"".join(lines)


@st.composite
def changed_fields(draw: st.DrawFn, data: bytes) -> bytes:
    """A field quoted, emptied, swapped with another or holding what it should not."""
    lines = data.split(b"\n")
    number = draw(st.integers(0, len(lines) - 1))
    fields = lines[number].split(b",")
    one, other = (draw(st.integers(0, len(fields) - 1)) for _ in range(2))
    match draw(st.integers(0, 3)):
        case 0:
            fields[one] = b'"' + fields[one].replace(b'"', b'""') + b'"'
        case 1:
            fields[one] = b""
        case 2:
            fields[one], fields[other] = fields[other], fields[one]
        case _:
            fields[one] += draw(st.sampled_from(TOKENS))
    lines[number] = b",".join(fields)
    return b"\n".join(lines)


@st.composite
def swapped_columns(draw: st.DrawFn, data: bytes) -> bytes:
    lines = [line.split(b",") for line in data.split(b"\n")]
    width = max(map(len, lines))
    one, other = (draw(st.integers(0, width - 1)) for _ in range(2))
    for fields in lines:
        if len(fields) > max(one, other):
            fields[one], fields[other] = fields[other], fields[one]
    return b"\n".join(map(b",".join, lines))


@st.composite
def recoded(draw: st.DrawFn, data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(draw(st.sampled_from(ENCODINGS)), "replace")


@st.composite
def other_endings(draw: st.DrawFn, data: bytes) -> bytes:
    return data.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b" \n", b",\n"])))


@st.composite
def moved_element(draw: st.DrawFn, data: bytes) -> bytes:
    """A copy of an element stands among its like or where it does not belong, and perhaps no longer
    where it did."""
    elements = _elements(data)
    if not elements:
        return data
    one, other = (draw(st.sampled_from(elements)) for _ in range(2))
    copied, parent = deepcopy(one), one.getparent()
    if parent is not None and draw(st.booleans()):
        other = parent
    if parent is not None and draw(st.booleans()) and one not in (other, *other.iterancestors()):
        parent.remove(one)
    other.insert(draw(st.integers(0, len(other))), copied)
    return bytes(etree.tostring(elements[0]))


@st.composite
def changed_attribute(draw: st.DrawFn, data: bytes) -> bytes:
    """An attribute gone, as that of another element, or as no element has it."""
    elements = _elements(data)
    told = [(element, name) for element in elements for name in element.attrib]
    if not told:
        return data
    element, name = draw(st.sampled_from(told))
    others = [other.attrib[name] for other in elements if name in other.attrib]
    new = draw(st.one_of(st.none(), st.sampled_from(others), st.sampled_from(ODD)))
    if new is None:
        del element.attrib[name]
    else:
        element.set(name, new)
    return bytes(etree.tostring(elements[0]))


def _elements(data: bytes) -> list[etree._Element]:
    """Every element of a file, the outermost first; none where it is no longer XML."""
    try:
        return list(etree.fromstring(data).iter(etree.Element))
    except (etree.XMLSyntaxError, ValueError):
        return []


MISHAPS = (
    flipped, cut, inserted, inserted, reordered_lines, changed_fields, changed_fields,
    swapped_columns, recoded, other_endings,
)  # fmt: skip
