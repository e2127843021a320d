"""WeChat Official Accounts (微信公众号)."""

from connectors.wechat.channel import WeChatInput

__all__ = ["WeChatInput"]
