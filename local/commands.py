"""Run Command with something behind it: a script for an instance runs on its machine."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.ssm.models import SimpleSystemManagerBackend

OUTPUT_LIMIT, ERRORS_LIMIT = 24000, 8000  # characters that Run Command keeps


@dataclass
class Machine:
    """Where an instance's scripts run, in which environment, and those that do at the moment."""

    directory: Path
    environment: Mapping[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    gone: bool = False


class Commands:
    """The machines that take commands, by their instances' ids."""

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}
        self._changing = threading.Lock()

    def attach(self) -> None:
        """Let commands run where moto only says that they did."""
        ssm: Any = SimpleSystemManagerBackend
        send = ssm.send_command

        def send_command(backend: Any, **arguments: Any) -> Any:
            for instance in arguments["instance_ids"]:
                if instance not in self._machines:
                    message = (
                        f"Instances [[{instance}]] not in a valid state for account {backend.account_id}"
                    )
                    raise JsonRESTError("InvalidInstanceId", message)
            command = send(backend, **arguments)
            for invocation in command.invocations:
                invocation.update(Status="InProgress", StatusDetails="InProgress", ResponseCode=-1)
                machine = self._machines[invocation["InstanceId"]]
                work = (machine, command.parameters, invocation)
                threading.Thread(target=self._run, args=work, daemon=True).start()
            return command

        ssm.send_command = send_command

    def manage(self, instance: str, machine: Machine) -> None:
        """From now on the instance takes commands."""
        self._machines[instance] = machine

    def leave(self, instance: str) -> None:
        """The instance takes no more commands, and what still runs of them ends."""
        machine = self._machines.pop(instance, None)
        if machine is None:
            return
        with self._changing:
            machine.gone = True
        for process in list(machine.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _run(self, machine: Machine, parameters: Mapping[str, list[str]], invocation: dict[str, Any]) -> None:
        """Run the lines as a file, as the agent does, and put into the invocation what came of it."""
        script = machine.directory / f"command-{invocation['CommandId']}"
        # Alone: what is forked meanwhile would hold the file open for writing, and it could not run.
        with self._changing:
            if machine.gone:
                return
            script.touch(mode=0o700)
            script.write_text("\n".join(parameters["commands"]) + "\n")
            process = subprocess.Popen(
                ["sh", "-c", str(script)],
                cwd=machine.directory,
                env=dict(os.environ) | dict(machine.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            machine.running.append(process)
        status = "Failed"
        try:
            output, errors = process.communicate(timeout=float(parameters["executionTimeout"][0]))
            status = "Success" if process.returncode == 0 else "Failed"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            status = "TimedOut"
        machine.running.remove(process)
        script.unlink(missing_ok=True)
        invocation.update(
            Status=status,
            StatusDetails=status,
            ResponseCode=process.returncode,
            StandardOutputContent=output[:OUTPUT_LIMIT],
            StandardErrorContent=errors[:ERRORS_LIMIT],
        )
