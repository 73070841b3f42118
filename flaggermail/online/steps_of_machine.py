# SPDX-License-Identifier: EUPL-1.2
"""The steps about the DNS of the own domain, the pagers, and this machine."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.errors import ConfigurationError, StoreFailure
from flaggermail.health.status_document import MEGA
from flaggermail.mail.authentication.dkim_signature import key_weakness, read_signature, read_tags
from flaggermail.online.checked import Checked, fields
from flaggermail.online.outcomes import CheckStep, OutcomeCode, StepOutcome
from flaggermail.ports.probing import ReplicaSeen
from flaggermail.ports.servers import PAGE_TITLE

_SPF, _DMARC = "v=spf1", "v=dmarc1"
_SHOWN = 120  # characters of a record
CATCHES_UP = 5  # seconds for a replica to have what the database has


def spf(checked: Checked) -> StepOutcome:
    """Looks for the one record that names the servers which send for the domain (RFC 7208, section 4.5)."""
    domain = checked.domain.lower()
    records = _texts(checked, domain)
    if records is None:
        return OutcomeCode.DNS_SILENT.at(CheckStep.SPF, name=domain)
    found = [record for record in records if record.lower().split(" ")[0] == _SPF]
    if len(found) > 1:
        return OutcomeCode.SPF_SEVERAL.at(CheckStep.SPF, domain=domain, count=len(found))
    if not found:
        return OutcomeCode.SPF_NONE.at(CheckStep.SPF, domain=domain, mend={"domain": domain})
    return OutcomeCode.SPF_FOUND.at(CheckStep.SPF, domain=domain, record=found[0][:_SHOWN])


def dkim(checked: Checked) -> StepOutcome:
    """Looks for the key of the signature that the mail of the check bears."""
    domain, sent = checked.domain.lower(), checked.plain
    signatures = [read_signature(text) for text in fields(sent.found.octets, "DKIM-Signature")] if sent.found else []
    own = [one for one in signatures if one is not None and (domain == one.domain or domain.endswith(f".{one.domain}"))]
    if not own:
        return OutcomeCode.DKIM_UNSIGNED.at(CheckStep.DKIM, domain=domain, mend={"domain": domain})
    for signature in own:
        records = _texts(checked, signature.key_name)
        if records is None:
            return OutcomeCode.DNS_SILENT.at(CheckStep.DKIM, name=signature.key_name)
        if any(_is_key(record) for record in records):
            return OutcomeCode.DKIM_FOUND.at(CheckStep.DKIM, domain=signature.domain, selector=signature.selector)
    mend = {"name": own[0].key_name}
    return OutcomeCode.DKIM_KEYLESS.at(CheckStep.DKIM, domain=own[0].domain, selector=own[0].selector, mend=mend)


def _is_key(record: str) -> bool:
    tags = read_tags(record)
    return tags is not None and key_weakness(tags) is None


def dmarc(checked: Checked) -> StepOutcome:
    """Looks for the policy of the domain (RFC 7489, section 6.6.3)."""
    domain = checked.domain.lower()
    records = _texts(checked, f"_dmarc.{domain}")
    if records is None:
        return OutcomeCode.DNS_SILENT.at(CheckStep.DMARC, name=f"_dmarc.{domain}")
    found = [record for record in records if record.lower().split(";")[0].replace(" ", "") == _DMARC]
    if len(found) != 1:  # with several none counts
        return OutcomeCode.DMARC_NONE.at(CheckStep.DMARC, domain=domain, mend={"domain": domain})
    return OutcomeCode.DMARC_FOUND.at(CheckStep.DMARC, domain=domain, record=found[0][:_SHOWN])


def pagers(checked: Checked) -> StepOutcome:
    """Calls every pager with a test page, as `oncall page` does for one officer."""
    means = checked.means
    found = [(officer.id, pager.credential) for officer in means.settings.rota.officers for pager in officer.pagers]
    if not found:
        return OutcomeCode.PAGERS_NONE.at(CheckStep.PAGERS)
    if not means.pages:
        return OutcomeCode.PAGERS_LEFT_OUT.at(CheckStep.PAGERS, count=len(found))
    for officer, credential in found:
        answer = means.pager.call(credential, PAGE_TITLE, "check --online")
        if not answer.taken:
            mend = {"pager": credential, "officer": officer}
            return OutcomeCode.PAGER_REFUSED.at(CheckStep.PAGERS, pager=credential, words=answer.why, mend=mend)
    return OutcomeCode.PAGERS_TAKEN.at(CheckStep.PAGERS, count=len(found))


def disk(checked: Checked) -> StepOutcome:
    """Compares the free space with the least that the settings want."""
    least = checked.means.settings.desk.watch.disk_free_mb
    place, free = min(checked.means.free().items(), key=lambda one: one[1])
    if free < least * MEGA:
        return OutcomeCode.DISK_LOW.at(CheckStep.DISK, free=free // MEGA, place=place, least=least)
    return OutcomeCode.DISK_ENOUGH.at(CheckStep.DISK, free=free // MEGA)


def database(checked: Checked) -> StepOutcome:
    """Asks the database for its version, its schema and its isolation."""
    try:
        seen = checked.means.database()
    except (ConfigurationError, StoreFailure) as fault:
        return OutcomeCode.DATABASE_BAD.at(CheckStep.DATABASE, words=str(fault))
    if seen is None:
        return OutcomeCode.DATABASE_NEW.at(CheckStep.DATABASE)
    return OutcomeCode.DATABASE_GOOD.at(
        CheckStep.DATABASE, kind=seen.kind, revision=seen.revision, isolation=seen.isolation
    )


def replica(checked: Checked) -> StepOutcome:
    """Compares the replica with the database, until it has the last event or was behind for too long."""
    means = checked.means
    try:
        seen = means.replica()
        for _ in range(CATCHES_UP):
            if seen is None or not seen.behind:
                break
            means.wait(1.0)
            seen = means.replica()
    except StoreFailure as fault:
        return OutcomeCode.REPLICA_BAD.at(CheckStep.REPLICA, words=str(fault))
    return _seen_replica(seen)


def _seen_replica(seen: ReplicaSeen | None) -> StepOutcome:
    if seen is None:
        return OutcomeCode.REPLICA_NONE.at(CheckStep.REPLICA)
    if not seen.is_of_database:
        return OutcomeCode.REPLICA_OTHER.at(CheckStep.REPLICA)
    if not seen.is_standby:
        return OutcomeCode.REPLICA_WRITES.at(CheckStep.REPLICA)
    if seen.revision != seen.wanted:
        return OutcomeCode.REPLICA_SCHEMA.at(CheckStep.REPLICA, revision=seen.revision, wanted=seen.wanted)
    if seen.behind:
        return OutcomeCode.REPLICA_BEHIND.at(CheckStep.REPLICA, count=seen.behind, seconds=CATCHES_UP)
    return OutcomeCode.REPLICA_GOOD.at(CheckStep.REPLICA)


def time_zone(checked: Checked) -> StepOutcome:
    """Compares the time of this machine with that of the desk."""
    means, zone = checked.means, checked.means.settings.zone
    here = means.local_offset()
    if here == means.clock.now().astimezone(zone).utcoffset():
        return OutcomeCode.TIME_ZONE_SAME.at(CheckStep.TIME_ZONE, zone=str(zone))
    return OutcomeCode.TIME_ZONE_OTHER.at(
        CheckStep.TIME_ZONE, zone=str(zone), offset=_offset(int(here.total_seconds()))
    )


def _offset(seconds: int) -> str:
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _texts(checked: Checked, name: str) -> Sequence[str] | None:
    records = checked.means.resolver.look_up(name).texts
    return None if records is None else [record.decode("ascii", "replace") for record in records]
