"""What a person can do about a refusal, by Google Ads' own code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NUMBER: Final = "check the account's number"
_MANAGER: Final = "check the number of the manager account that access comes through"
_PROJECT: Final = "ask Google for an access level that allows accounts which are no test accounts"
_REMOVED: Final = "it was removed: take it out of what is steered"

ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "authentication_error/CUSTOMER_NOT_FOUND": _NUMBER,
        "authentication_error/CLIENT_CUSTOMER_ID_INVALID": _NUMBER,
        "request_error/INVALID_CUSTOMER_ID": _NUMBER,
        "authentication_error/NOT_ADS_USER": "consent by a user who has an account of Google Ads",
        "authentication_error/DEVELOPER_TOKEN_INVALID": "check the developer token",
        "request_error/DEVELOPER_TOKEN_PARAMETER_MISSING": "give a developer token",
        "authentication_error/OAUTH_TOKEN_EXPIRED": "see to this machine's clock",
        "authorization_error/USER_PERMISSION_DENIED": (
            "give the user access to the account, or name the manager account it comes through"
        ),
        "authorization_error/ACTION_NOT_PERMITTED": "give the user more than access to read",
        "authorization_error/CUSTOMER_NOT_ENABLED": (
            "the account is closed, or was never opened wholly: see to it on Google's pages"
        ),
        "authorization_error/ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT": (
            "the account is suspended: see to it on Google's pages"
        ),
        "authorization_error/DEVELOPER_TOKEN_NOT_APPROVED": _PROJECT,
        "authorization_error/CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": _PROJECT,
        "authorization_error/INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION": _MANAGER,
        "header_error/INVALID_LOGIN_CUSTOMER_ID": _MANAGER,
        "request_error/UNSUPPORTED_VERSION": "set a version of the interface that still exists",
        "change_event_error/START_DATE_TOO_OLD": "see to this machine's clock",
        "context_error/OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE": _REMOVED,
        "campaign_budget_error/CAMPAIGN_BUDGET_REMOVED": _REMOVED,
        "mutate_error/RESOURCE_NOT_FOUND": _REMOVED,
    }
)
