"""What letters to people say."""

from __future__ import annotations

from axisor_server.services.people.letters import Letter

NOT_YOU = "If that was not you, nothing was changed, and you need do nothing."
ALARM = "If that was not you, choose a new password now, and look at your sessions."


def invitation(to: str, proof: str) -> Letter:
    """Invite somebody."""
    return _letter(
        to,
        "You are invited to Axisor",
        "Somebody who runs an Axisor core invites you. Register within seven days:",
        f"  axisor auth register --invitation {proof}",
        "If you do not know what this is about, you need do nothing.",
    )


def verification(to: str, proof: str) -> Letter:
    """Ask whether letters to an address are read."""
    return _letter(
        to,
        "Verify your address for Axisor",
        "This address was given to an Axisor core. Verify it within 24 hours:",
        f"  axisor auth verify --proof {proof}",
        NOT_YOU,
    )


def taken(to: str) -> Letter:
    """Tell a person that somebody tried to register with their address."""
    return _letter(
        to,
        "Somebody tried to register with your address",
        "Somebody tried to register at an Axisor core where you have registered already.",
        "If it was you and you forgot the password: axisor auth reset",
        NOT_YOU,
    )


def reset(to: str, proof: str) -> Letter:
    """Let somebody choose a new password."""
    return _letter(
        to,
        "Choose a new password for Axisor",
        "Somebody asked for a new password of yours. Choose it within 15 minutes:",
        f"  axisor auth reset --proof {proof}",
        NOT_YOU,
    )


def email_change(to: str) -> Letter:
    """Tell the old address that it is being replaced."""
    return _letter(
        to,
        "Your address at Axisor is to change",
        "You asked for another address; it counts once a letter there was answered.",
        ALARM,
    )


def changed(to: str, what: str) -> Letter:
    """Tell a person what has changed of how they sign in."""
    return _letter(to, f"Axisor: {what}", f"Of how you sign in: {what}.", ALARM)


def nobody() -> Letter:
    """A letter that is written and goes nowhere."""
    return Letter(to="", subject="", text=" " * 300)


def _letter(to: str, subject: str, *paragraphs: str) -> Letter:
    return Letter(to=to, subject=subject, text="\n\n".join(paragraphs) + "\n")
