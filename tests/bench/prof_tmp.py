import cProfile, pstats, sys, time, tempfile
from pathlib import Path
from contextlib import closing
from tests.bench import corpus, intake, desk
from flaggermail import wiring
from flaggermail.watch import look
n=int(sys.argv[1])
with desk.Servers.running() as s, tempfile.TemporaryDirectory() as d:
    files=corpus.write(Path(d)/"h", n, 1)
    intake.history(s, files, "h")
    with s.desk("h", port=s.dovecot.imap_port, tls="none", ca_file=None) as dk, closing(wiring.open_environment(dk.folder)) as env, closing(wiring.mailbox(env.settings)) as mb:
        print(intake.bare_fetch(s,"h"))
        import logging
        p=cProfile.Profile()
        t=time.perf_counter()
        if len(sys.argv)>2: p.enable()
        k=look(env,mb)
        p.disable()
        t=time.perf_counter()-t
        print(k, t, t/n*1e6)
        import subprocess
        import sqlite3
        c=sqlite3.connect(dk.folder/"flaggermail.db")
        print(c.execute("select place,reason,count(*) from message group by 1,2 order by 3 desc limit 15").fetchall())
        print(c.execute("select count(*) from event").fetchall(), c.execute("select count(*) from personal").fetchall())
        if len(sys.argv)>2:
            st=pstats.Stats(p); st.sort_stats("cumulative").print_stats(70); st.sort_stats("tottime").print_stats(35)
