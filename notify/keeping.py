"""The settings that say how long each class of data is kept; `notify.settings` holds all others."""

from pydantic import Field
from pydantic_settings import BaseSettings


class Keeping(BaseSettings):
    """Days or hours, after which it is deleted by itself (docs/operations.md)."""

    newcomer_hours: int = Field(
        default=48, ge=1, le=24 * 14,
        description="Hours until a sign-up that was not confirmed is deleted.",
    )  # fmt: skip
    inbound_days: int = Field(
        default=90, ge=1, le=3650, description="Days that texts of residents are kept."
    )
    delivery_days: int = Field(
        default=365, ge=7, le=3650,
        description="Days that it is kept who got what, counted from when it was over.",
    )  # fmt: skip
    note_days: int = Field(
        default=90, ge=7, le=3650,
        description="Days that codes, answers and test rings are kept with what became of them, "
        "counted from when they ran out.",
    )  # fmt: skip
    feedback_days: int = Field(
        default=365, ge=1, le=3650,
        description="Days that it is kept what people wrote on the accessibility page.",
    )  # fmt: skip
    draft_days: int = Field(
        default=90, ge=1, le=3650,
        description="Days that a draft is kept that nobody touched or submitted.",
    )  # fmt: skip
    poll_days: int = Field(
        default=90, ge=1, le=3650,
        description="Days after the close of a poll that it is kept who was asked and took part, and "
        "where it is not secret, who answered what. The answers stay.",
    )  # fmt: skip
