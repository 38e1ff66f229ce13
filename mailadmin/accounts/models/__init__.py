"""Who signs in, and what is known of it. One file for each subject."""

from .account import Account, AccountManager, Administration, Role
from .factors import Passkey, RecoveryCode
from .session import Session
from .sign_in import SignIn

__all__ = ["Account", "AccountManager", "Administration", "Passkey", "RecoveryCode", "Role", "Session", "SignIn"]
