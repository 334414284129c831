import time, os, statistics
from tests.integration.reading.conftest import *
from tests.integration.reading.many_orders import tell_many_orders
from tests.story import T0
N=int(os.environ.get("N","200000"))
async def test_perf(story, module_database_url):
    t=time.time(); await tell_many_orders(story, module_database_url, N); print("made", time.time()-t)
    story.clock.set(0)
    O="/api/v1/orders"
    page=(await story.get(O)).json()
    deep=None; c=""
    mid=(await story.get(O, q="done-00100", limit="1")).json()["items"]
    ids=[o["order_id"] for o in page["items"]]
    calls={
     "list": (O,{}), "list500":(O,{"limit":"500"}), "page2":(O,{"cursor":page["next"]}),
     "failed":(O,{"class":"failed"}), "delayed":(O,{"class":"delayed"}), "success":(O,{"class":"success"}),"overdue":(O,{"overdue":"true"}),
     "notoverdue":(O,{"overdue":"false"}),
     "status rare":(O,{"status":"FRAUD"}),"status none":(O,{"status":"PAYMENT_REVIEW"}),"status common":(O,{"status":"COMPLETE"}),
     "channel":(O,{"channel":"app"}),"channel none":(O,{"channel":"fax"}),
     "system":(O,{"system":"stock"}),"system none":(O,{"system":"loginext"}),"failed+system":(O,{"class":"failed","system":"stock"}),
     "old window":(O,{"from":"2026-02-05T00:00:00Z","to":"2026-02-06T00:00:00Z"}),
     "old window failed":(O,{"from":"2026-02-05T00:00:00Z","to":"2026-02-06T00:00:00Z","class":"failed"}),
     "failed+website+rare":(O,{"class":"failed","status":"FRAUD","channel":"website"}),
     "q exact":(O,{"q":ids[0]}),"q prefix":(O,{"q":"done-001"}),"q all":(O,{"q":"d"}),"q ref":(O,{"q":"INV-done-00001234"}),"q ref all":(O,{"q":"INV"}),"q none":(O,{"q":"zzz"}),
     "order":(f"{O}/{ids[0]}",{}),"events":(f"{O}/done/events",{}),
     "summary all":("/api/v1/summary",{}),"summary 24h":("/api/v1/summary",{"from":"2026-03-01T09:17:00Z"}),
     "summary 10min":("/api/v1/summary",{"from":"2026-03-02T08:50:00Z"}),
     "summary odd week":("/api/v1/summary",{"from":"2026-02-11T03:17:00Z","to":"2026-02-18T21:43:00Z"}),
     "series 24h 5m":("/api/v1/series",{"metric":"success"}),
     "series 24h 1m":("/api/v1/series",{"metric":"success","step":"1m"}),
     "series 30d 1h":("/api/v1/series",{"metric":"success","step":"1h","from":"2026-02-01T00:00:00Z"}),
     "series sys 24h":("/api/v1/series",{"metric":"success","system":"stock"}),
     "systems":("/api/v1/systems",{}), "metrics":("/metrics",{}),
    }
    async with story.client(story.key_of(story.alice)) as client:
        for name,(path,q) in calls.items():
            ts=[]; n=0
            for _ in range(12):
                t=time.perf_counter(); r=await client.get(path, params=q or None); ts.append((time.perf_counter()-t)*1e3)
                assert r.status_code==200,(name,r.text)
            k=r.json() if path!="/metrics" else {}
            print(f"{name:22} median {statistics.median(ts):7.1f} max {max(ts):7.1f} ms  n={len(k.get('items',k.get('points',())))}")
