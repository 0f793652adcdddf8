"""Who calls: a bearer key, its scopes and its reach."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from notify.domain.scopes import Scope
from notify.services import keys
from notify.services.keys import Key
from notify.web.deps import TheApp

bearer = HTTPBearer(auto_error=False, description="A key made by `notify key create`.")


async def the_key(
    app: TheApp,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Key:
    """The calling key; 401 without one that is in use."""
    key = await keys.recognise(app.db, credentials.credentials) if credentials else None
    if key is None:
        raise HTTPException(
            401,
            "Send a key in use as `Authorization: Bearer …`. `notify key create` makes one.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return key


class Holding:
    """Asks for a key that has a scope; 403 without it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def __call__(self, key: Annotated[Key, Depends(the_key)]) -> Key:
        key.require(self._scope)
        return key


GroupWriter = Annotated[Key, Depends(Holding(Scope.GROUPS_WRITE))]
ResidentWriter = Annotated[Key, Depends(Holding(Scope.RESIDENTS_WRITE))]
BroadcastWriter = Annotated[Key, Depends(Holding(Scope.BROADCASTS_WRITE))]
BroadcastReader = Annotated[Key, Depends(Holding(Scope.BROADCASTS_READ))]
