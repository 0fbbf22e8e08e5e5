"""Applications of one run share the functions that write their addresses."""

from werkzeug.routing import Rule

compiled = {}


def share(monkeypatch):
    """Werkzeug compiles two functions for each address of each application: nine tenths of the
    time that it takes to make one, and they differ by nothing but the address."""
    compile_builder = Rule._compile_builder

    def once(rule, append_unknown=True):
        defaults = tuple(sorted((rule.defaults or {}).items()))
        key = (rule.rule, rule.host, rule.subdomain, defaults, append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    monkeypatch.setattr(Rule, "_compile_builder", once)
