"""Run Command's rules: an agent that reports late, and scripts that take their time and may fail."""

from __future__ import annotations

from typing import Any

from tests.strict_aws.layer import Call, Refusal, answers, refuses

REFERENCE = "https://docs.aws.amazon.com/systems-manager/latest/APIReference"
SEND = f"{REFERENCE}/API_SendCommand.html"
INVOCATION = f"{REFERENCE}/API_GetCommandInvocation.html"
STATUSES = "https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html"


@answers("ec2.RunInstances", source=SEND)
def an_agent_reports_late(call: Call, answer: dict[str, Any]) -> None:
    """Some time after the launch; never, where a test sets memory["silent agents"]."""
    for instance in answer["Instances"]:
        seconds = call.aws.takes("agent", "unknown")
        call.aws.lives.pass_through("agent", instance["InstanceId"], "unknown", seconds, "online")


@refuses("ssm.SendCommand", source=SEND)
def an_agent_has_to_be_known(call: Call) -> None:
    """Until then no command is taken for its instance."""
    for instance in call.arguments["InstanceIds"]:
        silent = call.aws.memory.get("silent agents", False)
        if silent or call.aws.lives.state("agent", instance) != "online":
            raise Refusal("InvalidInstanceId", f"Instances [[{instance}]] not in a valid state for account")


@answers("ssm.SendCommand", source=INVOCATION)
def a_command_is_under_way(call: Call, answer: dict[str, Any]) -> None:
    """It shows some time later, and runs for some time."""
    stages = [(state, call.aws.takes("command", state)) for state in ("unknown", "Pending", "InProgress")]
    call.aws.lives.stages("command", answer["Command"]["CommandId"], stages, "Success")
    call.aws.memory.setdefault("scripts", []).append("\n".join(call.arguments["Parameters"]["commands"]))


@refuses("ssm.GetCommandInvocation", source=INVOCATION)
def a_new_command_does_not_show(call: Call) -> None:
    """Not at once."""
    if call.aws.lives.state("command", call.arguments["CommandId"]) == "unknown":
        raise Refusal("InvocationDoesNotExist", "")


@answers("ssm.GetCommandInvocation", source=STATUSES)
def a_script_ends_as_it_ends(call: Call, answer: dict[str, Any]) -> None:
    """With success, or as a test puts it into memory["script ends"]: a status, its details and an output."""
    state = call.aws.lives.state("command", call.arguments["CommandId"])
    ends = call.aws.memory.get("script ends", ("Success", "Success", "boot: done\n"))
    status, details, output = ends if state == "Success" else (state, state, "")
    answer |= {"Status": status, "StatusDetails": details, "StandardOutputContent": output}
