PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE adopted (    -- record files of earlier releases that were moved in
        sha256 TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        moved REAL NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "adopted" VALUES('70ef65bb530e23335f53e87e7368849b410356be6075b9b3f7987c03f60260ec','/home/somebody/.local/share/poser/old.json',1.79527066828438401223e+09);
CREATE TABLE cache (
        key TEXT PRIMARY KEY,
        picture TEXT NOT NULL REFERENCES pictures (sha256),
        document TEXT NOT NULL,
        used REAL NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "cache" VALUES('ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb','{"type": "result", "picture": {"sha256": "1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb", "width": 16, "height": 16}, "usage": {"usd": 0.04, "simulated_usd": null, "seconds": 1.5, "input_tokens": 7, "output_tokens": null}, "text_sent": "a red car", "notes": ["cut", "resized"], "revision": "2026-11"}',1.79527066828370666503e+09);
CREATE TABLE calls (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('expert', 'critic')),
        expert TEXT NOT NULL,     -- or the critic's name
        step INTEGER NOT NULL,
        digest TEXT NOT NULL,
        sent INTEGER NOT NULL,
        begun REAL NOT NULL,
        ended REAL,
        usd REAL,
        usage TEXT,
        answer TEXT,              -- NULL = no answer yet
        PRIMARY KEY (run, key)
    ) WITHOUT ROWID;
INSERT INTO "calls" VALUES('20261121-120000-a1b2c3','k1','expert','fake',0,'0000000000000000000000000000000000000000000000000000000000000000',1,1.79527066827767634396e+09,1.79527066827949881551e+09,0.04,'{"usd": 0.04, "simulated_usd": null, "seconds": 1.0, "input_tokens": null, "output_tokens": null}','{"type": "result", "picture": {"sha256": "1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb", "width": 16, "height": 16}, "usage": {"usd": 0.04, "simulated_usd": null, "seconds": 1.5, "input_tokens": 7, "output_tokens": null}, "text_sent": "a red car", "notes": ["cut", "resized"], "revision": "2026-11"}');
INSERT INTO "calls" VALUES('20261121-120000-a1b2c3','k2','critic','fake',0,'0000000000000000000000000000000000000000000000000000000000000000',1,1.79527066827991080288e+09,1.79527066828034424783e+09,0.04,'{"usd": 0.04, "simulated_usd": null, "seconds": 1.0, "input_tokens": null, "output_tokens": null}','{"type": "verdict", "verdict": {"answers": [{"atom": "a", "probability": 0.25, "seen": "2 cars"}, {"atom": "b", "probability": null, "seen": ""}], "preservation": 0.5, "fidelity": null, "aesthetics": null, "feedback": "1 of 2", "critic": "detector", "model": "", "revision": "", "prompt_hash": "", "usage": {"usd": 0.0, "simulated_usd": null, "seconds": 0.0, "input_tokens": null, "output_tokens": null}}}');
INSERT INTO "calls" VALUES('20261121-120000-a1b2c3','k3','expert','fake',0,'0000000000000000000000000000000000000000000000000000000000000000',1,1.79527066828063821797e+09,1.79527066828109335902e+09,0.04,'{"usd": 0.04, "simulated_usd": null, "seconds": 1.0, "input_tokens": null, "output_tokens": null}','{"type": "error", "error": "RateLimited", "message": "slow down", "retry_after": 3.0, "usd": 0.0}');
CREATE TABLE pictures (
        sha256 TEXT PRIMARY KEY,  -- of the pixels
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,   -- of the file
        used REAL NOT NULL        -- when it was last put; all times are seconds since 1970
    ) WITHOUT ROWID;
INSERT INTO "pictures" VALUES('1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb',16,16,160,1.79527066828369355208e+09);
INSERT INTO "pictures" VALUES('d40cf0cb663dd9e9eb455649048abdf2126a94a521c87930bcde302ff2782135',16,16,160,1.79527066827642107008e+09);
CREATE TABLE run_pictures (  -- what a run needs stays as long as the run does
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        picture TEXT NOT NULL REFERENCES pictures (sha256),
        PRIMARY KEY (run, picture)
    ) WITHOUT ROWID;
INSERT INTO "run_pictures" VALUES('20261121-120000-a1b2c3','1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb');
INSERT INTO "run_pictures" VALUES('20261121-120000-a1b2c3','d40cf0cb663dd9e9eb455649048abdf2126a94a521c87930bcde302ff2782135');
CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        prompt TEXT NOT NULL,
        created REAL NOT NULL,
        ended REAL,
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
        parent TEXT REFERENCES runs (id) ON DELETE SET NULL,
        folder TEXT,
        document TEXT NOT NULL    -- the order
    );
INSERT INTO "runs" VALUES('20261121-120000-a1b2c3','a red car',1.795270668274567604e+09,1.79527066828253412241e+09,'finished',NULL,NULL,'{"prompt": "a red car"}');
CREATE TABLE traces (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        alignment REAL NOT NULL,
        best TEXT,                -- reference of the best picture, as JSON
        document TEXT NOT NULL,
        PRIMARY KEY (run, row)
    ) WITHOUT ROWID;
INSERT INTO "traces" VALUES('20261121-120000-a1b2c3',0,0.75,'{"sha256":"1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb","width":16,"height":16}','{"version": 1, "plan": {"version": 1, "prompt": "a red car", "commands": [{"id": "c1", "operation": "add", "subjects": ["car"], "goals": ["red"], "text": "Add a red car", "atoms": [{"id": "a1", "tuple": ["entity", "car"], "question": "Is there a car?", "answer": "yes", "parents": []}, {"id": "a2", "tuple": ["attribute", "color", "car", "red"], "question": "Is the car red?", "answer": "yes", "parents": ["a1"]}], "skill": "add", "after": [], "region": null}], "folded": [], "source": {"sha256": "d40cf0cb663dd9e9eb455649048abdf2126a94a521c87930bcde302ff2782135", "width": 16, "height": 16}, "notes": [], "extractor": ""}, "experts": [{"name": "fake", "api_version": 1, "kind": "i2i", "description": "", "limitations": "", "operations": {"add": 0.5}, "max_prompt_tokens": null, "sizes": [], "seeded": false, "mask": false, "references": 0, "price": null, "simulated_price": null, "nominal_seconds": 1.0, "licence": "unknown", "revision": "1"}], "refusals": [], "seed": 1, "rules": {}, "record_digest": "", "policy": "", "critic": "", "source_verdict": null, "initial_alignment": 0.0, "steps": [], "best": {"sha256": "1d26b69ee5f58dc02c9e4828728cd61213e6922d8abe8b1bcb2f960bbac531eb", "width": 16, "height": 16}, "best_step": null, "best_verdict": null, "alignment": 0.75, "statuses": {}, "end": "stopped", "usd": 0.0, "usd_known": 0.0, "simulated_usd": null, "seconds": 0.0}');
CREATE TABLE track_record (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        document TEXT NOT NULL
    );
INSERT INTO "track_record" VALUES(1,'{
 "version": 1,
 "cells": [
  {
   "expert": "fake",
   "skill": "add",
   "merged": "1",
   "counts": {
    "success": 3.0,
    "failure": 0.0,
    "damaged": 0.0,
    "spared": 0.0,
    "retried": 0.0,
    "recovered": 0.0
   }
  }
 ],
 "tallies": {}
}');
CREATE INDEX runs_created ON runs (created);
CREATE INDEX runs_parent ON runs (parent);
CREATE INDEX run_pictures_picture ON run_pictures (picture);
CREATE INDEX cache_picture ON cache (picture);
COMMIT;
