"""Prints docs/cost.md from measured.json, times.json and prices.json, all beside this. usage: cost.py > docs/cost.md"""

import json
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
PRICES = json.loads((HERE / "prices.json").read_text())
MEASURED = json.loads((HERE / "measured.json").read_text())
TIMES = json.loads((HERE / "times.json").read_text())  # bench/run writes it
KINDS = MEASURED["kinds"]
ASSUMED = MEASURED["assumed"]
MILLION = 1_000_000
WHOLE_CPU = 1769  # MB: a function of less memory has as much less of a processor

# As the template deploys it, but for the way in.
BASE = {"http_api": False, "architecture": "x86_64", "memory": 128, "batch": ASSUMED["batch"], "platform_logs": True}
LINES = {
    "invocations": "Lambda: invocations",
    "duration": "Lambda: duration",
    "api": "HTTP API",
    "sqs": "SQS",
    "writes": "Ledger: writes",
    "reads": "Ledger: reads",
    "secrets": "Secrets Manager: calls",
    "logs": "Logs",
}


def usd(price, amount):
    return PRICES[price]["usd"] * amount / PRICES[price]["per"]


def million(kind, setup):
    """What a million webhooks of this kind cost in this set-up, by line."""
    it = KINDS[kind]
    forwards, batch = it["forwards"], setup["batch"]
    invocations = 1 + forwards / batch
    slower = max(WHOLE_CPU / setup["memory"], 1)
    ingest_ms = TIMES["webhook_cpu_ms"] * slower + ASSUMED["sqs_ms"]
    # Messages of one shop are delivered in turn, so a batch takes as long as its messages together.
    forward_ms = forwards * TIMES["message_cpu_ms"] * slower + (it["reads"] + it["writes"]) * ASSUMED["ledger_ms"]
    forward_ms += it["destination_calls"] * ASSUMED["destination_ms"]
    log_bytes = it["ingest_log_bytes"] + it["forward_log_bytes"] + it["batch_log_bytes"] / batch
    log_bytes += setup["platform_logs"] * invocations * ASSUMED["platform_log_bytes"]
    log_bytes += setup["http_api"] * ASSUMED["access_log_bytes"]
    gb_seconds = (ingest_ms + forward_ms) / 1000 * setup["memory"] / 1024
    return {
        "invocations": usd("lambda_request", MILLION * invocations),
        "duration": usd(f"lambda_gbs_{setup['architecture']}", MILLION * gb_seconds),
        "api": usd("http_api_request", MILLION * setup["http_api"]),
        "sqs": usd("sqs_request", MILLION * forwards * (1 + 2 / batch)),
        "writes": usd("ledger_write", MILLION * it["writes"]),
        "reads": usd("ledger_read", MILLION * it["reads"]),
        "secrets": usd("secret_call", MILLION * ASSUMED["secret_calls"] * (1 + forwards)),
        "logs": usd("log_gb", MILLION * log_bytes / 1e9),
    }


def total(kind, setup):
    return sum(million(kind, setup).values())


def mixed(setup):
    parts = ASSUMED["mix"]
    return sum(total(kind, setup) * part for kind, part in parts.items()) / sum(parts.values())


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def money(amount):
    return f"{amount:.2f}"


def per_million():
    columns = {kind: million(kind, BASE) for kind in KINDS}
    rows = [[title] + [money(column[line]) for column in columns.values()] for line, title in LINES.items() if line != "api"]
    rows.append(["**together**"] + [f"**{money(total(kind, BASE))}**" for kind in KINDS])
    return table(["USD per million"] + [it["title"] for it in KINDS.values()], rows)


def setups():
    variants = [
        ("as above: Function URLs, x86_64, 128 MB, batches of ten", {}),
        ("arm64", {"architecture": "arm64"}),
        ("HTTP API: one address, throttling, access logs (the default)", {"http_api": True}),
        ("little traffic: every message is a batch of its own", {"batch": 1}),
        ("without Lambda's own log lines (`InvocationLogs=off`)", {"platform_logs": False}),
        ("arm64 and without Lambda's own log lines", {"architecture": "arm64", "platform_logs": False}),
        ("256 MB", {"memory": 256}),
        ("512 MB", {"memory": 512}),
    ]
    rows = []
    for title, change in variants:
        setup = BASE | change
        rows.append([title, money(total("delivered", setup)), money(mixed(setup))])
    return table(["set-up", "a million delivered orders", "a million webhooks of the mix"], rows)


def monthly():
    fixed = ASSUMED["fixed"]
    rows = [
        [f"{fixed['alarm_metrics']} metrics that alarms watch", money(usd("alarm_month", fixed["alarm_metrics"]))],
        [f"{fixed['metrics']} metrics of our own", money(usd("metric_month", fixed["metrics"]))],
        ["the dashboard", money(usd("dashboard_month", 1))],
        ["the two schedules' runs, every minute", money(usd("lambda_request", fixed["runs"]))],
        ["asking empty queues", money(usd("sqs_request", fixed["empty_receives"]))],
        ["the installation key, and each shop's three secrets", money(usd("secret_month", 1)) + " + " + money(usd("secret_month", 3)) + " a shop"],
    ]
    return table(["whatever is sent", "USD a month"], rows)


def prices():
    rows = [
        [name.replace("_", " "), f"{price['usd']:g} per {price['per']:,} {price['unit']}", price["source"]]
        for name, price in PRICES.items()
        if isinstance(price, dict)
    ]
    lines = ["| price | USD | page |", "|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def measured():
    rows = []
    for it in KINDS.values():
        calls = [str(it[name]) for name in ("reads", "writes", "destination_calls")]
        rows.append([it["title"], *calls, str(it["ingest_log_bytes"]), str(it["forward_log_bytes"])])
    head = ["webhook", "ledger reads", "ledger writes", "calls of the destination", "log bytes, receiving", "log bytes, delivering"]
    return table(head, rows)


mix = ASSUMED["mix"]
mix_text = ", ".join(f"{part / sum(mix.values()):.0%} *{KINDS[kind]['title']}*" for kind, part in mix.items())
page = f"""# Cost

What AWS asks for. This page is printed by `python3 infra/cost/cost.py > docs/cost.md` from what was
[measured](../infra/cost/measured.json) and from [prices](../infra/cost/prices.json): change those, not this.
{PRICES["note"]} Region {PRICES["region"]}, {PRICES["date"]}.

## A million webhooks

{per_million()}

With Function URLs (`Ingress=FunctionUrls`), x86_64, 128 MB and steady traffic, so that a forwarder gets ten messages at a time. An
order that is delivered costs {money(total("delivered", BASE))}: two writes to the ledger, which keep it from being sent twice, and the
time of waiting for Websand are {(million("delivered", BASE)["writes"] + million("delivered", BASE)["duration"]) / total("delivered", BASE):.0%} of it. Most webhooks are no delivery: shops send an order again with every change, and by default Websand gets an
order once. A mix of {mix_text}
costs **{money(mixed(BASE))}** a million webhooks; the cheapest of the set-ups below {money(mixed(BASE | {"architecture": "arm64", "platform_logs": False}))}.

## Set-ups

{setups()}

- **Safer**: the HTTP API throttles a flood before it costs invocations, has one address for all webhooks and access logs. Function URLs
  are as safe for what is sent (signatures are checked in either case), but only the account's concurrency bounds a flood.
- **More memory** buys nothing: a webhook costs less than one CPU quota of 128 MB, and the forwarder waits for others.
- **Logs**: `LogFilter=warn` saves little, because lines that are counted are always written. `InvocationLogs=off` ends what Lambda itself
  writes about each invocation; with it the memory that was used, and the time of each single invocation, are seen nowhere.
  `LogRetentionDays` bounds what storing logs costs.
- **The ledger** is on demand. Provisioned capacity is cheaper only where the load is even day and night.
- **Shops with many updates**: leave topics out (`forward` in the webhook secret), or do not subscribe them. What is ignored
  at the door costs {money(total("ignored", BASE))}, what never comes nothing.

## A month

{monthly()}

A shop with wrong signatures adds a metric and its alarm, {money(usd("metric_month", 1) + usd("alarm_month", 1))} for a whole month and less for hours. However many
such webhooks come: of shops that we have no secret for they count for nothing.

## What was measured

{measured()}

{MEASURED["how"]} Each batch adds {KINDS["delivered"]["batch_log_bytes"]} log bytes. Rows had at most 623 bytes, and none was in the index: a write is one
unit, and so is a read. A webhook takes {TIMES["webhook_cpu_ms"]} ms of a processor to receive and {TIMES["message_cpu_ms"]} ms to deliver, in a batch of ten; a function of
{BASE["memory"]} MB has {BASE["memory"]}/{WHOLE_CPU} of one.

**Assumed**, because only AWS can tell: SQS answers in
{ASSUMED["sqs_ms"]} ms, DynamoDB in {ASSUMED["ledger_ms"]} ms, the destination in {ASSUMED["destination_ms"]} ms. Lambda itself writes {ASSUMED["platform_log_bytes"]} bytes an invocation,
and the API {ASSUMED["access_log_bytes"]} a request. One webhook in {round(1 / ASSUMED["secret_calls"])} reads a secret, as with a shop that sends a million a month. A process asks for
each shop's secrets once in five minutes, so many small shops cost more: at most {money(usd("secret_call", 8760))} a month for each shop, secret and process.
An idle queue is asked by five pollers, each every 20 seconds.

## Prices

{prices()}"""


def wrapped(part):
    """A paragraph or list at the width of our pages; tables and headings as they are."""
    if part.startswith(("|", "#")):
        return part
    items = ("\n" + part).replace("\n- ", "\n\0- ").split("\0") if part.startswith("- ") else [part]
    rule = {"width": 120, "break_long_words": False, "break_on_hyphens": False}
    lines = [textwrap.fill(" ".join(item.split()), subsequent_indent="  " * item.startswith("- "), **rule) for item in items]
    return "\n".join(line for line in lines if line)


print("\n\n".join(wrapped(part) for part in page.split("\n\n")))
