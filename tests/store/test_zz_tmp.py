from datetime import timedelta
from flaggermail import outbox
from flaggermail.core.acts import Approve, ResolveMail
from flaggermail.core.records import Notification, StoredMessage, Reminder
from tests.store.desk_fixtures import mail, Desk, START
import pytest
@pytest.mark.parametrize("auto", [False, True])
def test_x(desk: Desk, auto):
    key = desk.drafted()
    desk.server.says(-1)
    desk.do(Approve(draft=key))
    outbox.drain(desk.env)
    m = desk.mail_of(key)
    print(m.state, desk.row(Notification,key).state)
    desk.clock.set(START+timedelta(minutes=3))
    s = desk.receive(mail(answers=desk.message_id_of(key), at=desk.clock.now(), text="We have reviewed it."))
    print(s.place, s.case, s.notification, s.kinds, s.verdict, s.disputed, s.reason)
    desk.clock.set(START+timedelta(minutes=5))
    desk.do(ResolveMail(mail=m.id, sent_at=START+timedelta(seconds=1)))
    print(desk.row(Notification,key).state, desk.clocks(key))
