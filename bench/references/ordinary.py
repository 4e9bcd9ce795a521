"""The same call as most would write it: FastAPI, SQLAlchemy's async ORM, aiosqlite.

Written with care, so that the comparison means something: keys are found by an indexed id and
compared by digest in constant time, the account and the channel are checked, one session serves
one request, only the columns that are needed are loaded, the index gives the order, pydantic
writes the answer, and nothing is logged.

Run as `python -m bench.references.ordinary PORT WORKERS FILE`, where the file is the database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Index, create_engine, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column

_FILE = "BENCH_ORDINARY_DATABASE"


class Base(DeclarativeBase):
    """The tables."""


class ApiKey(Base):
    """A key, by the id that stands in its text."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    digest: Mapped[str]
    revoked: Mapped[bool] = mapped_column(default=False)


class Channel(Base):
    """A channel of an account."""

    __tablename__ = "channels"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    flow_count: Mapped[int]


class Flow(Base):
    """A flow of a channel."""

    __tablename__ = "flows"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    channel_id: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    status: Mapped[str]
    categories: Mapped[str] = mapped_column(default="[]")
    __table_args__ = (Index("flows_position", "account_id", "channel_id", "position"),)


class FlowSummary(BaseModel):
    """A flow as the list shows it."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    status: str


class FlowList(BaseModel):
    """The answer."""

    flows: list[FlowSummary]


def digest_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def id_of(key: str) -> str:
    """The part of a key's text by which it is found."""
    return key[:16]


def fill(file: Path, account: str, channel: str, key: str, flows: list[dict[str, str]]) -> None:
    """Makes the database, with flows given newest first."""
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(ApiKey(id=id_of(key), account_id=account, digest=digest_of(key)))
        session.add(Channel(account_id=account, id=channel, flow_count=len(flows)))
        for position, flow in enumerate(reversed(flows), 1):
            session.add(Flow(account_id=account, channel_id=channel, position=position, **flow))
        session.commit()
    engine.dispose()


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One session for one request."""
    async with request.app.state.sessions() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_session)]
Given = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


async def get_key(db: Db, given: Given) -> ApiKey:
    """The key of the request."""
    text = given.credentials if given else ""
    key = await db.get(ApiKey, id_of(text))
    if key is None or key.revoked or not hmac.compare_digest(key.digest, digest_of(text)):
        raise HTTPException(401, "Not authenticated")
    return key


async def list_flows(
    account_id: str,
    channel_id: str,
    response: Response,
    db: Db,
    key: Annotated[ApiKey, Depends(get_key)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FlowList:
    """Up to `limit` flows of the channel, newest first."""
    if key.account_id != account_id:
        raise HTTPException(401, "Wrong account")
    channel = await db.get(Channel, (account_id, channel_id))
    if channel is None:
        raise HTTPException(404, "No such channel")
    rows = await db.scalars(
        select(Flow)
        .options(load_only(Flow.id, Flow.name, Flow.status))
        .where(Flow.account_id == account_id, Flow.channel_id == channel_id)
        .order_by(Flow.position.desc())
        .limit(limit)
    )
    response.headers["X-Total-Count"] = str(channel.flow_count)
    return FlowList(flows=[FlowSummary.model_validate(flow) for flow in rows])


def app() -> FastAPI:
    """The application."""
    # Its usual pool of five connections and ten more; other sizes made no difference.
    engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ[_FILE]}")

    @event.listens_for(engine.sync_engine, "connect")
    def use_wal(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    api = FastAPI()
    api.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    api.get("/api/v1/accounts/{account_id}/channels/{channel_id}/flows")(list_flows)
    return api


def command(port: int, workers: int, file: Path) -> list[str]:
    """How to run it."""
    return [sys.executable, "-m", __spec__.name, str(port), str(workers), str(file)]


def main(port: int, workers: int, file: str) -> None:
    """Serves until it is told to stop."""
    os.environ[_FILE] = file
    uvicorn.run(
        "bench.references.ordinary:app",
        factory=True,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        log_level="error",
        access_log=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
