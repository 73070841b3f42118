# SPDX-License-Identifier: EUPL-1.2
"""Does what only tells: a fault in it is logged and raised as an alarm, and never ends the daemon.

A desk that stops because it cannot write its status also takes in no mail, sends none and reminds nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from flaggermail import logbook
from flaggermail.errors import StoreAway, StoreBusy
from flaggermail.notices import notices
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.rows import Alarm
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText


def tell(env: Services, name: str, *works: Callable[[Services], object]) -> list[Exception]:
    """Does each of `works`, whatever becomes of the others; returns what they raised. `name`: of the job.

    Raises StoreAway and StoreBusy, which are no fault of the job: it is done at its next time.
    """
    failed: list[Exception] = []
    for work in works:
        try:
            work(env)
        except (StoreAway, StoreBusy):
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a job that only tells
            failed.append(error)
            _raise_alarm(env, name, error)
    return failed


def _raise_alarm(env: Services, name: str, error: Exception) -> None:
    """Logs the fault and raises an alarm, once a day for each job and type of fault."""
    fault, now = type(error).__name__, env.clock.now()
    key = alarm_key(AlarmKind.JOB_FAILED, f"{name}/{fault}/{now.astimezone(env.settings.zone).date()}")
    try:
        with env.store.read() as tx:
            if tx.get(Alarm, key) is not None:
                return
        logbook.telling_failed(name, error)
        raised = alarm(AlarmKind.JOB_FAILED, key, AlarmText.JOB(job=name, fault=fault), now)
        with env.store.begin() as tx:
            notices.raise_alarm(
                UnitOfWork(env, tx, now), raised, "flaggermail status", reach=notices.AlarmReaders.HEAD_TOO
            )
    except (StoreAway, StoreBusy):
        raise
    except Exception as second:  # noqa: BLE001 - what broke the job may break its alarm: the log has both
        logbook.telling_failed("alarm", second)
