"""What clients' hands do, done on this machine.

HandsPart          one per client: rights, and its `InputReceiver`; on the loop
Hands              all clients together: what any of them holds stays down; on the loop
HandsQueue         from the loop to the thread, bounded
HandsStage         the thread, with the injector
"""

from wavry.server.hands.hands import Hands
from wavry.server.hands.part import HANDS_RIGHTS, HandsPart
from wavry.server.hands.stage import HandsStage

__all__ = ["HANDS_RIGHTS", "Hands", "HandsPart", "HandsStage"]
