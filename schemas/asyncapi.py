"""One AsyncAPI 3 document for all topics, from the catalogue and the records."""

from __future__ import annotations

from schemas.headers import DEAD_LETTER, HEALED
from schemas.json_schema import Json, JsonObject, components
from schemas.topic import Cleanup, Topic
from schemas.topics import ACTIONS, DECISIONS, METRICS, PLANS, RECOMMENDATIONS, TOPICS

ASYNCAPI_VERSION = "3.0.0"
KAFKA_BINDING_VERSION = "0.5.0"
CONTRACT_VERSION = "1.0.0"
"""Version of the records and topics, apart from that of the program."""

_SENT_ON = (METRICS, PLANS, RECOMMENDATIONS, ACTIONS, DECISIONS)
"""Topics whose records workers publish once more where they sit in the wrong partition."""

_WORKERS = (
    "optimizer",
    "allocator",
    "adviser",
    "executor",
    "scorer",
    "collector",
    "console",
    "simulator",
)


def asyncapi(prefix: str) -> JsonObject:
    """Return the document for topics named ``<prefix>.<name>``."""
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Pacekeeper",
            "version": CONTRACT_VERSION,
            "description": "Hourly metrics in; recommendations, actions and an audit trail out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _channels(prefix),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channels(prefix: str) -> JsonObject:
    channels: JsonObject = {}
    for topic in TOPICS:
        name = topic.record.__name__
        channels[_channel(topic)] = {
            "address": topic.full_name(prefix),
            "title": topic.name,
            "description": f"{topic.about} Key: {topic.key}.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "bindings": {"kafka": _topic_binding(topic, prefix)},
        }
        if topic.dead_letters:
            channels[_channel(topic) + "DeadLetters"] = {
                "address": topic.dlq(prefix),
                "title": f"{topic.name}.dlq",
                "description": f"Records of {topic.name} that could not be read, as they came.",
                "messages": {"DeadLetter": {"$ref": "#/components/messages/DeadLetter"}},
            }
    return channels


def _topic_binding(topic: Topic, prefix: str) -> JsonObject:
    configuration: JsonObject = {"cleanup.policy": [str(topic.cleanup)]}
    if topic.cleanup is Cleanup.DELETE:
        configuration["retention.ms"] = topic.retention_ms
    return {
        "topic": topic.full_name(prefix),
        "topicConfiguration": configuration,
        "bindingVersion": KAFKA_BINDING_VERSION,
    }


def _operations() -> JsonObject:
    operations: JsonObject = {}
    for topic in TOPICS:
        for action, roles in (("receive", topic.readers), ("send", topic.writers)):
            for worker in (role for role in roles if role in _WORKERS):
                operations[f"{worker}{action.title()}s{_channel(topic).title()}"] = {
                    "action": action,
                    "title": f"{worker} {action}s {topic.name}",
                    "channel": {"$ref": f"#/channels/{_channel(topic)}"},
                }
    return operations


def _messages() -> JsonObject:
    messages: JsonObject = {topic.record.__name__: _message(topic) for topic in TOPICS}
    texts: JsonObject = {name: _text(about) for name, about in DEAD_LETTER.items()}
    messages["DeadLetter"] = {
        "title": "A record that could not be read",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": texts},
        "payload": {"description": "The original bytes; the original headers are kept as well."},
    }
    return messages


def _message(topic: Topic) -> JsonObject:
    message: JsonObject = {
        "name": topic.record.__name__,
        "title": topic.about,
        "payload": {"$ref": f"#/components/schemas/{topic.record.__name__}"},
        "bindings": {"kafka": {"key": _text(topic.key), "bindingVersion": KAFKA_BINDING_VERSION}},
    }
    if topic in _SENT_ON:
        healed = _text("present when it was published once more, to the right partition")
        message["headers"] = {"type": "object", "properties": {HEALED: healed}}
    return message


def _schemas() -> JsonObject:
    return components((topic.record for topic in TOPICS), "#/components/schemas/{name}")


def _text(about: str) -> dict[str, Json]:
    return {"type": "string", "description": about}


def _channel(topic: Topic) -> str:
    return topic.name.removesuffix(".v1")
