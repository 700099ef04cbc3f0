"""What every client does on a fresh sandbox, and the right answers.

The names are those of `src/sandbox/seed/`; the document is the kind that must survive whole:
conditions, weights, overrides, a nested target, other scripts than Latin.
"""

import json
from datetime import datetime, timedelta, timezone
from os.path import commonprefix

DOCUMENT = {
    "strategy": {
        "mode": "conditional",
        "conditions": [
            {"query": {"metadata.plan": {"$eq": "premium"}}, "then": "best"},
            {
                "query": {
                    "$or": [
                        {"metadata.region": {"$in": ["eu", "東京"]}},
                        {"params.max_tokens": {"$lte": 256}},
                    ]
                },
                "then": "split",
            },
        ],
        "default": "best",
    },
    "targets": [
        {
            "name": "best",
            "provider": "@anthropic",
            "override_params": {"model": "claude-sonnet-4-5", "top_p": 0.2, "stop": ["\n\n"]},
        },
        {
            "name": "split",
            "strategy": {"mode": "loadbalance"},
            "targets": [
                {"provider": "@openai", "weight": 0.7, "override_params": {"max_tokens": 512}},
                {"provider": "@openai", "weight": 0.3, "retry": {"attempts": 2}},
            ],
        },
    ],
    "cache": {"mode": "semantic", "max_age": 3600},
}
SEEDED = {"Default routing", "Storefront split", "Routing by plan", "Answers from cache"}
SEEDED_PLAN = [("premium", "best"), (None, "fast")]
PROMOTED = [
    "prompt.messages[0].content",
    "prompt.messages[1].content",
    "prompt.template_metadata.promoted_from",
    "prompt.template_metadata.promoted_from_version",
]


class Wrong(Exception):
    """An answer that is not the right one."""


def same(what, got, wanted):
    if got == wanted:
        return
    texts = [json.dumps(value, ensure_ascii=False) for value in (got, wanted)]
    start = max(0, len(commonprefix(texts)) - 30)
    got, wanted = ("…" * (start > 0) + text[start : start + 150] for text in texts)
    raise Wrong(f"{what} is {got} instead of {wanted}")


def by_name(answer, name):
    rows = [row for row in answer["data"] if row["name"] == name]
    same(f"number of rows named {name!r}", len(rows), 1)
    return rows[0]


class Steps:
    """`ask(tool, arguments)` gives `{"result": …}` or `{"error": …}`; with no tool it lists them."""

    def __init__(self, ask, revision, tools):
        self.ask, self.revision, self.tools = ask, revision, tools

    def call(self, tool, **arguments):
        """The answer of a call that succeeds: as text and, since 2025-06-18, also structured."""
        said = self.ask(tool, arguments)
        result = said.get("result") or {}
        if result.get("isError") or "content" not in result:
            raise Wrong(f"{tool} failed: {json.dumps(said)[:500]}")
        answer = json.loads(result["content"][0]["text"])
        structured = result.get("structuredContent")
        if structured is not None or self.revision >= "2025-06-18":
            same("structuredContent", structured, answer)
        return answer

    def list_tools(self):
        listed = self.ask(None, {})["result"]["tools"]
        same("names of the tools", [tool["name"] for tool in listed], self.tools)
        for tool in listed:
            same(f"schema type of {tool['name']}", tool["inputSchema"]["type"], "object")

    def list_configs(self):
        answer = self.call("list_configs")
        same("total", answer["total"], len(answer["data"]))
        missing = SEEDED - {row["name"] for row in answer["data"]}
        same("missing configs", sorted(missing), [])
        self.total = answer["total"]
        self.seeded = by_name(answer, "Routing by plan")["slug"]

    def get_seeded_config(self):
        answer = self.call("get_config", slug=self.seeded)
        same("name", answer["name"], "Routing by plan")
        plan = [
            (condition["query"].get("metadata.plan", {}).get("$eq"), condition["then"])
            for condition in answer["config"]["strategy"]["conditions"]
        ]
        same("conditions", plan, SEEDED_PLAN)

    def create_config(self):
        answer = self.call("create_config", name="Acceptance", config=DOCUMENT)
        same("fields", sorted(answer), ["id", "version_id"])
        self.created = answer

    def get_created_config(self):
        listed = self.call("list_configs")
        same("total", listed["total"], self.total + 1)
        row = by_name(listed, "Acceptance")
        same("id in the list", row["id"], self.created["id"])
        answer = self.call("get_config", slug=row["slug"])
        same("version", answer["version_id"], self.created["version_id"])
        same("document", answer["config"], DOCUMENT)

    def get_cost_analytics(self):
        until = datetime.now(timezone.utc).replace(microsecond=0)
        since = until - timedelta(days=7)
        answer = self.call(
            "get_cost_analytics",
            time_of_generation_min=since.isoformat(),
            time_of_generation_max=until.isoformat(),
        )
        points = answer["data_points"]
        days = [point["timestamp"][:10] for point in points]
        wanted = [(since + timedelta(days=day)).date().isoformat() for day in range(8)]
        same("days", days, wanted)
        total = answer["summary"]["total"]
        same("sum of the points", sum(point["total"] for point in points), total)
        if total <= 0:
            raise Wrong(f"the total is {total}")

    def promote(self, **how):
        prompts = self.call("list_prompts")
        source = by_name(prompts, "support-reply-dev")
        target = by_name(prompts, "support-reply-staging")
        answer = self.call(
            "promote_prompt",
            source_prompt_id=source["slug"],
            target_collection_id=target["collection_id"],
            target_env="staging",
            **how,
        )
        same("target", answer["target_prompt_id"], target["id"])
        same("source version", answer["source_version"], 3)
        return answer

    def promote_prompt_dry(self):
        answer = self.promote(dry_run=True, publish=True)
        same("action", answer["action"], "would_update")
        same("target version", answer["target_version"], 2)
        same("changes", [change["path"] for change in answer["changes"]], PROMOTED)
        same("new value", answer["changes"][3]["after"], "3")
        self.changes = answer["changes"]

    def promote_prompt(self):
        answer = self.promote(publish=True)
        same("action", answer["action"], "updated")
        same("target version", answer["target_version"], 3)
        same("published", answer["published"], True)
        same("changes", answer["changes"], self.changes)
        self.promoted = answer

    def promote_prompt_again(self):
        answer = self.promote(publish=True)
        same("action", answer["action"], "unchanged")
        same("changes", answer["changes"], [])
        for field in ("target_version", "target_version_id", "published"):
            same(field, answer[field], self.promoted[field])

    def wrong_tool(self):
        """The Inspector looks the name up itself, in the list it got."""
        code = self.ask("no_such_tool", {}).get("error", {}).get("code")
        if code not in (-32602, "tool_not_found"):
            raise Wrong(f"an unknown tool gives code {code}")

    def wrong_argument(self):
        said = self.ask("get_config", {"slugg": "x"})
        result = said.get("result") or {}
        same("isError", result.get("isError"), True)
        error = json.loads(result["content"][0]["text"])["error"]
        same("kind", error["kind"], "invalid_arguments")
        problems = sorted(problem["argument"] for problem in error["problems"])
        same("problems", problems, ["slug", "slugg"])


# In this order. The second value: whether the step reads what an earlier one wrote, so that it
# needs a server that lived on since.
STEPS = [
    (Steps.list_tools, False),
    (Steps.list_configs, False),
    (Steps.get_seeded_config, False),
    (Steps.create_config, False),
    (Steps.get_created_config, True),
    (Steps.get_cost_analytics, False),
    (Steps.promote_prompt_dry, False),
    (Steps.promote_prompt, False),
    (Steps.promote_prompt_again, True),
    (Steps.wrong_tool, False),
    (Steps.wrong_argument, False),
]
