"""What people, programs and attackers write."""

from hypothesis import strategies as st

SPECIAL = [
    *("", " ", "0", "-1", "1", "7", "1.5", "1e9", "1e400", "NaN", "null", "true", "[]", "{}"),
    *(str(2**31), str(2**63), "9" * 18, "9" * 40, "9" * 5000, "٣", "²", "+1", "0x1", "1_0", " 1"),
    *("'", '"', "\\", "%", "_", "'; --", "a\tb", "a\r\nSet-Cookie: x=y", "\x01", "\x7f", "\x85"),
    *("\u2028", "\u202e", "\ufeff", "\ufffe", "\uffff", "\U0010ffff", "é", "e\u0301", "ß", "İ"),
    *("<script>alert(1)</script>", "{{7*7}}", "${7*7}", "=1+1", "../../etc/passwd", "//e", "/\\e"),
]

plain = st.text(max_size=40)
"""Any text that UTF-8 can hold."""
texts = st.sampled_from(SPECIAL) | plain | st.text("0123456789eE+-.:TZ /", max_size=30)
header_texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
"""A server hands headers on as Latin-1, and refuses line ends itself."""
