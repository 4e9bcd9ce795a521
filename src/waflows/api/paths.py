"""What the addresses of several resources begin with."""

from __future__ import annotations

ACCOUNT = "/api/v1/accounts/{accountId}"
CHANNEL = f"{ACCOUNT}/channels/{{channelId}}"
FLOW = f"{CHANNEL}/flows/{{flowId}}"
SUB_ACCOUNT = "/api/v1/subaccounts/{subAccountId}"
GUIDE_FLOWS = "/config/v1/channels/whatsapp/{channelId}/flows"
