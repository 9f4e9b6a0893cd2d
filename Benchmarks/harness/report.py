"""Tables of the results, as Markdown, which reads well on a terminal too."""

import statistics

from . import bulk, lease, rules, storm, tags, throughput
from .servers import MIB

REFERENCE = "valkey"
SUBJECT = "nearcached"


def mark(is_met):
    return "pass" if is_met else "**MISS**"


def table(head, rows):
    cells = [head] + rows
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for number, row in enumerate(cells):
        lines.append("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def median(rounds, field):
    return statistics.median(result[field] for result in rounds)


def ratio(rounds, reference, field="server_ns_per_operation"):
    """The median of the ratios of the rounds, each to the reference's in the same round."""
    return statistics.median(ours[field] / theirs[field] for ours, theirs in zip(rounds, reference))


def throughput_section(results):
    rows = []
    for scenario in throughput.SCENARIOS:
        servers = results.get(scenario.name, {})
        for name, rounds in servers.items():
            reference = servers.get(REFERENCE)
            value = ratio(rounds, reference) if reference else None
            bar = ""
            if name == SUBJECT and value is not None:
                bar = f"≤ {scenario.bar:.2f} {mark(value <= scenario.bar)}"
            rows.append([
                f"{scenario.title}, {scenario.connections} connections", name,
                f"{median(rounds, 'operations_per_second') / 1e3:.0f}",
                f"{median(rounds, 'server_ns_per_operation') / 1e3:.2f}",
                f"{value:.2f}" if value is not None else "", bar,
                *(f"{median(rounds, field):.0f}" for field in ("p50_us", "p99_us", "p999_us")),
                f"{median(rounds, 'server_busy') * 100:.0f} %", f"{median(rounds, 'generator_busy') * 100:.0f} %",
            ])
    head = [
        "what", "server", "k op/s", "CPU µs/op", "÷ valkey", "bar", "p50 µs", "p99 µs", "p99.9 µs", "server busy",
        "generator busy",
    ]
    return "## CPU per operation\n\n" + table(head, rows) if rows else ""


def memory_section(results):
    rows = []
    for kind, servers in results.get("memory", {}).items():
        lifetime, millions = kind.split("-")
        for name, overhead in servers.items():
            limit = bulk.MEMORY_BARS[lifetime]
            reference = servers.get(REFERENCE)
            rows.append([
                f"{millions} M entries" + (", each with a TTL" if lifetime == "ttl" else ""), name, f"{overhead:.1f}",
                f"{overhead / reference:.2f}" if reference else "",
                f"≤ {limit} {mark(overhead <= limit)}" if name == SUBJECT else "",
            ])
    head = ["what", "server", "B/entry above 80", "÷ valkey", "bar"]
    return "## Memory per entry, 16 B key and 64 B value\n\n" + table(head, rows) if rows else ""


def pause_section(results):
    rows = []
    for phase, title in bulk.PAUSES.items():
        for name, result in results.get("pause", {}).get(phase, {}).items():
            pause = result["longest_pause_ms"]
            limit = bulk.PAUSE_BAR_MILLISECONDS
            left = result.get("entries_left")
            rows.append([
                title, name, f"{pause:.1f}", f"{result['longest_wait_ms']:.1f}", f"{result['p999_us'] / 1e3:.1f}",
                f"≤ {limit} {mark(pause <= limit)}" if name == SUBJECT and phase != "idle" else "",
                f"{result['seconds']:.1f} s" + (f", {left:,} entries left" if left is not None else ""),
            ])
    head = ["meanwhile", "server", "longest pause ms", "as the client saw it", "p99.9 ms", "bar", "watched"]
    title = f"## Longest pause of a pipeline-1 client, {results.get('keys', 0) // 1_000_000} M entries\n\n"
    return title + table(head, rows) if rows else ""


def storm_section(results):
    rows = []
    for name, policies in results.items():
        for policy, result in policies.items():
            peak = result["peak_bytes"]
            rows.append([
                name, policy, f"{peak / MIB:.0f}", f"{peak / storm.LIMIT:.2f}",
                f"≤ {storm.BAR_BYTES / MIB:.0f} {mark(peak <= storm.BAR_BYTES)}" if name == SUBJECT else "",
                f"{result['operations_per_second'] / 1e3:.0f}",
            ])
    head = ["server", "policy", "peak resident MiB", "÷ limit", "bar", "k op/s"]
    return "## Storm of values of 1 B to 100 KB at 256 MiB\n\n" + table(head, rows) if rows else ""


def bar_rows(results, lines, bars):
    """Rows of (title, field, form, bar) whose field was measured; a bar of None is none."""
    rows = []
    for title, field, form, bar in lines:
        if field in results:
            value, limit = results[field], bars.get(bar)
            rows.append([title, form.format(value), f"≤ {limit} {mark(value <= limit)}" if limit else ""])
    return rows


def tags_section(results):
    rows = bar_rows(results, [
        ("bytes per association, 1 M entries × 3 tags, ledger", "ledger", "{:.1f}", "bytes"),
        ("the same, resident", "resident", "{:.1f}", "bytes"),
        ("TAG INVALIDATE of a tag on 1 M entries: reply, ms", "reply_ms", "{:.2f}", "reply_ms"),
        ("longest pause until all memory is back, ms", "pause_ms", "{:.1f}", "pause_ms"),
        ("CPU per GET, pipeline 16, with one tag ÷ without", "get", "{:.2f}", "get"),
    ], tags.BARS)
    if "entries_left" in results:
        rows.append(["entries and bytes left behind it", f"{results['entries_left']}, {results['bytes_left']:,}", ""])
    return "## Tags\n\n" + table(["what", SUBJECT, "bar"], rows) if rows else ""


def rules_section(results):
    rows = bar_rows(results, [
        ("finding a key's rule among 100, slowest of three shapes, ns", "match_ns", "{:.0f}", "match_ns"),
        ("CPU per SET, pipeline 16, with 100 rules ÷ without", "set", "{:.2f}", None),
        ("CPU per GET, pipeline 16, with 100 rules ÷ without", "get", "{:.2f}", None),
    ], rules.BARS)
    return "## Rules\n\n" + table(["what", SUBJECT, "bar"], rows) if rows else ""


def lease_section(rounds):
    if not rounds:
        return ""
    worst = max(result["last_ms"] for result in rounds)
    is_met = worst <= lease.BAR_MILLISECONDS and all(
        (result["wins"], result["hits"]) == (1, lease.CLIENTS - 1) for result in rounds)
    rows = [[
        str(len(rounds)), str(sum(result["wins"] for result in rounds)), str(sum(result["hits"] for result in rounds)),
        f"{median(rounds, 'first_ms'):.1f}", f"{median(rounds, 'median_ms'):.1f}", f"{median(rounds, 'last_ms'):.1f}",
        f"{worst:.1f}", f"≤ {lease.BAR_MILLISECONDS} {mark(is_met)}",
    ]]
    head = ["rounds", "wins", "values", "first ms", "half ms", "last ms", "last of the worst round ms", "bar"]
    return f"## {lease.CLIENTS} clients that wait for one value, from the SET being sent\n\n" + table(head, rows)


def markdown(results):
    lines = [f"- {name}: {text}" for name, text in results["machine"].items()]
    sections = [
        "# Benchmark\n\n" + "\n".join(lines) + "\n",
        throughput_section(results["throughput"]),
        memory_section(results["bulk"]),
        pause_section(results["bulk"]),
        storm_section(results["storm"]),
        tags_section(results["tags"]),
        rules_section(results["rules"]),
        lease_section(results["lease"]),
    ]
    if results["failures"]:
        sections.append("## Failures\n\n" + "".join(f"- {text}\n" for text in results["failures"]))
    return "\n".join(section for section in sections if section)
