# SPDX-License-Identifier: EUPL-1.2
# What the steps of docs/microsoft-365.md need around them, and what is looked at between them. A mark such as @1@ stands
# for the commands of that step, as the page has them; each of them must succeed.
set -u

failed() {
    systemctl show flaggermail --property=Result,ExecMainStatus,StatusText
    journalctl --no-pager | tail -40
    echo "$1" >/out/failed
    exit 1
}

# ended STEP STATUS: after a step. (`set -e` does nothing in a part that `||` follows.)
ended() { [ "$2" = 0 ] || failed "step $1"; }

# patiently SECONDS COMMAND...: until it succeeds; fails the walk otherwise.
patiently() {
    left=$(($1 * 2)); shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1)); [ "$left" -gt 0 ] || failed "not in time: $*"
        sleep 0.5
    done
}

# look NAME: what systemd knows of the service, and what the desk says of itself and did.
look() {
    mkdir -p "/out/seen/$1"
    systemctl show flaggermail >"/out/seen/$1/unit"
    cp /run/flaggermail-status/status.json "/out/seen/$1/status"
    journalctl --unit=flaggermail --output=cat --no-pager >"/out/seen/$1/journal"
}

property() { systemctl show flaggermail --property="$1" --value; }
link_is_up() { property StatusText | grep -q ', link up,'; }
sends() { link_is_up && ! property StatusText | grep -q '^observing'; }
restarted() { [ "$(property NRestarts)" -ge "$1" ] && [ "$(property ActiveState)" = active ]; }
is_now() { [ "$(property ActiveState)" = "$1" ]; }

says() { grep -q "$1" /run/flaggermail-status/status.json; }
says_no_more() { ! says "$1"; }
# fresh SECONDS: whether the status was written a moment ago, by a clock that is so many seconds ahead.
fresh() {
    at=$(date -d "$(sed -n 's/.*"written_at": "\(.*\)".*/\1/p' /run/flaggermail-status/status.json)" +%s)
    off=$((at - $(date +%s) - $1))
    [ "$off" -gt -20 ] && [ "$off" -lt 20 ]
}

# Where systemd is not the machine's first process it loses at times the control group between two commands of a unit,
# and ends it with the result 'resources', which no fault of the unit's own commands gives. Only then it is tried again.
systemctl() {
    command systemctl "$@" && return
    [ "$1" = start ] && [ "$(command systemctl show "$2" --property=Result --value)" = resources ] || return 1
    sleep 1
    command systemctl "$@"
}

# Its umask, like sudo's own default, shuts the group out.
sudo() { account=$2; shift 2; (umask 0022; cd /; runuser -u "$account" -- "$@"); }

# ---- what pip would do; an interpreter that shares its library looks for it where it was built, which may be below /root
echo /opt/python/lib >/etc/ld.so.conf.d/00-python.conf && ldconfig
/opt/python/bin/python3 -m venv --without-pip /opt/flaggermail || failed venv
printf '/opt/checkout\n/opt/packages\n' >"$(echo /opt/flaggermail/lib/python3.*/site-packages)/desk.pth"
printf '#!/opt/flaggermail/bin/python\nfrom flaggermail.__main__ import main\n\nmain()\n' >/opt/flaggermail/bin/flaggermail
chmod 755 /opt/flaggermail/bin/flaggermail
cat /out/ca.pem >>/etc/ssl/certs/ca-certificates.crt

upload() { mkdir -p /out/registered; cp "$1" "/out/registered/$2"; }

(@1@); ended '1' $?
# One rule, since trying the shipped ones with their samples is most of what a `check` costs.
rm -r /etc/flaggermail/rules/samples /etc/flaggermail/rules/[0-9]*.yaml
cp /out/10-only.yaml /etc/flaggermail/rules/
(@2@); ended '2' $?
upload /etc/flaggermail/credentials/oauth2-certificate first
cp /out/desk/*.yaml /out/ca.pem /etc/flaggermail/
(@5@); ended '5' $?
(@6@); ended '6' $?
(@7@); ended '7' $?
patiently 600 link_is_up
look observing
systemctl start flaggermail-backup || failed 'a second backup of a day'
stat --format='%A %U' /var/lib/flaggermail/backup/*.tar.gz >/out/seen/backups
journalctl --unit=flaggermail-backup --output=cat --no-pager >/out/seen/backups-said
systemctl list-timers --no-pager >/out/seen/timers
sudo -u flaggermail cat /etc/flaggermail/credentials/oauth2-key >/out/seen/key-for-the-account 2>&1
systemd-analyze security flaggermail >/out/seen/exposure
cp "/proc/$(property MainPID)/status" /out/seen/process

# ---- shorter waits than the unit's own, for the faults
install -D -m 644 /dev/stdin /etc/systemd/system/flaggermail.service.d/quick.conf <<'END'
[Service]
RestartSec=200ms
WatchdogSec=8s
END
(@8@); ended '8' $?
patiently 600 sends
look live

# ---- who reaches the desk: two officers, a member of the door's group who stands in no line of oncall.yaml, a stranger
useradd officer2; useradd lid; useradd vreemde
usermod -aG flaggermail-officers officer2; usermod -aG flaggermail-officers lid
mkdir /out/seen/who
# by ACCOUNT NAME COMMAND...: what it prints, with its exit status as the last line.
by() { account=$1 name=$2; shift 2; sudo -u "$account" "$@" >"/out/seen/who/$account-$name" 2>&1; echo "$?" >>"/out/seen/who/$account-$name"; }
for account in jansen officer2 lid vreemde; do
    by "$account" list flaggermail case list
    by "$account" open flaggermail case open --election EP2024 --type D_general_warning --origin earlier_cases --title "$account"
    by "$account" enrol flaggermail officer enrol officer2
    by "$account" direct flaggermail --direct case list
    by "$account" status flaggermail status
done
by jansen events flaggermail events --json
flaggermail --direct case list >/out/seen/who/root-direct 2>&1
by flaggermail direct flaggermail --direct audit verify
state=/var/lib/flaggermail
for account in jansen officer2 lid vreemde flaggermail; do
    by "$account" database sha256sum "$state/flaggermail.db"
    by "$account" mail sha256sum "$(find "$state/archive" -type f | head -1)"
    by "$account" code sha256sum "$(find "$state/codes" -type f | head -1)"
    by "$account" folder ls "$state"
done
chgrp flaggermail /etc/flaggermail && chmod 750 /etc/flaggermail
for account in jansen vreemde; do
    by "$account" closed-list flaggermail case list
    by "$account" closed-status flaggermail status
done
find "$state" -printf '%m %u %y %P\n' >/out/seen/who/modes

# ---- faults
kill -KILL "$(property MainPID)"
patiently 600 restarted 1
look killed
sleep 1
kill -STOP "$(property MainPID)"
patiently 600 restarted 2
look stuck
systemctl reload flaggermail || failed reload
cp /etc/flaggermail/oncall.yaml /out/oncall.good
echo 'officers: nobody' >/etc/flaggermail/oncall.yaml
systemctl restart flaggermail
patiently 600 is_now failed
sleep 1
look misconfigured
cp /out/oncall.good /etc/flaggermail/oncall.yaml
systemctl reset-failed flaggermail

# ---- faults of the machine below the running unit: a disk of the archive that is read-only for a while, and a clock
archive=/var/lib/flaggermail/archive
cp -a "$archive" /archive.kept
mount -t tmpfs -o size=64m tmpfs "$archive" && cp -a /archive.kept/. "$archive" || failed 'a disk for the archive'
echo +0 >/var/lib/flaggermail/clock
cat >/etc/systemd/system/flaggermail.service.d/clock.conf <<END
[Service]
Environment=LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
Environment=FAKETIME_TIMESTAMP_FILE=/var/lib/flaggermail/clock FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1
END
systemctl daemon-reload
systemctl start flaggermail || failed 'a start on another disk'
patiently 600 sends
patiently 600 fresh 0
main=$(property MainPID)
mount -o remount,ro "$archive" || failed 'the archive read-only'
patiently 600 says 'cannot be written'
look read-only
mount -o remount,rw "$archive"
patiently 600 says_no_more 'cannot be written'
look writable
echo -3600 >/var/lib/flaggermail/clock
patiently 600 fresh -3600
patiently 600 says 'own clock: set back'
look set-back
echo +0 >/var/lib/flaggermail/clock
patiently 600 says_no_more 'own clock: set back'
[ "$main" = "$(property MainPID)" ] || failed 'it was started again'
look set-right
systemctl stop flaggermail
rm /etc/systemd/system/flaggermail.service.d/clock.conf /var/lib/flaggermail/clock
systemctl daemon-reload
cp -a "$archive/." /archive.kept/ && umount "$archive" && cp -a /archive.kept/. "$archive" || failed 'the archive back'

# ---- renewal; the first certificate is withdrawn before the second is used
(@9 first@); ended '9 first' $?
upload /etc/flaggermail/credentials/oauth2-certificate.new second
rm /out/registered/first
(@9 second@); ended '9 second' $?
patiently 600 link_is_up
look renewed

# ---- another machine: what the first one kept is gone
install -D -m 600 -o flaggermail "$(ls -t /var/lib/flaggermail/backup/*.tar.gz | head -1)" /backup/flaggermail.tar.gz
systemctl disable --now flaggermail-door flaggermail
look stopped
find /var/lib/flaggermail -mindepth 1 -delete
(@10@); ended '10' $?
patiently 600 link_is_up
look restored
sudo -u jansen flaggermail resume >/out/seen/resumed 2>&1 || failed "resume after the restore: $(cat /out/seen/resumed)"

(@11@); ended '11' $?
patiently 600 sends
look upgraded
(@12@); ended '12' $?
ls -ld /etc/flaggermail /var/lib/flaggermail /var/lib/flaggermail/backup/* /srv/handover/* /opt/flaggermail /usr/local/bin/flaggermail \
    /etc/systemd/system/flaggermail* >/out/seen/left 2>/out/seen/gone
# Not --all: that lists a unit that systemd only remembers, too.
systemctl list-units --no-pager 'flaggermail*' >/out/seen/units
touch /out/ended
