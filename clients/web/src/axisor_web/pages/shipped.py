"""What our own plugins say of their settings, so that pages can say it in other languages.

The words are the plugins': what one of them says anew is English until it is here too.
"""

from __future__ import annotations

from axisor_web.languages import marked

SHIPPED = (
    marked(
        "Keeps each guarded position's liquidation away from the price, within its owner's budgets."
    ),
    marked("Act below this distance, or above this share consumed, percent."),
    marked("What the trigger measures: distance, or share consumed."),
    marked("What to restore: percent, a leverage, or a price in dollars."),
    marked("What the target measures."),
    marked("Steps to try in order; close_part works on cross margin only."),
    marked("Most sats one action may spend; none is no limit."),
    marked("Most sats in the life of one position; none is no limit."),
    marked("Least seconds between two actions on one position."),
    marked("An episode ends this many points beyond the trigger."),
    marked("Count a funding fee as paid this many minutes before it is."),
    marked("Keep a stop at the venue: live accounts only, always, or never."),
    marked("How far before liquidation that stop lies, percent of price."),
    marked(
        "What to do at critical distance while an outcome is unknown. Nothing is added "
        "twice: duplicate_within_budget is taken for wait."
    ),
    marked("Critical distance, percent; none is half the trigger's distance."),
    marked("What to do when the sats do not reach the target."),
    marked("Guard all positions, only those listed, or all except those listed."),
    marked("Ids that the scope means; 'cross' is the cross position."),
    marked("Exceptions; the first that matches holds."),
    marked(
        "Which positions: '*', or terms joined by 'and', such as 'id = 7f3a', 'side = "
        "long', 'leverage > 50', 'margin = cross'."
    ),
    marked("Whether to guard them at all."),
    marked("See the rule."),
    marked("Most sats the account may spend in one UTC day; none is no limit."),
    marked("Sats that must stay in the account's balance."),
    marked("Closes positions at a profit, a loss, a time or before funding, each rule once."),
    marked("Close at this profit: percent, a price, or sats."),
    marked("What the profit is measured in: percent, price, or P/L in sats."),
    marked(
        "Percent of a cross position that is closed at the profit, once. The venue "
        "closes isolated positions whole, and so it is done."
    ),
    marked("Close at this loss: percent, a price, or sats."),
    marked("What the loss is measured in: percent, price, or P/L in sats."),
    marked("Close when the price comes this many percent back from its best."),
    marked("Trail only once the profit was this many percent; 0 is at once."),
    marked("Once this many percent in profit, close before it turns to a loss."),
    marked("Percent beyond the entry price at which it then closes."),
    marked("Close this many minutes after the opening."),
    marked("Close this many minutes before a funding fee is to be paid."),
    marked("Which positions are meant, by side."),
    marked("All positions, only those listed, or all except those listed."),
    marked(
        "Opens a position when a fast moving average crosses a slow one, once for each crossing."
    ),
    marked("Sats of margin in each position."),
    marked("Whether to open longs or shorts."),
    marked("Leverage of each position, 1 to 100."),
    marked("Stop at the venue this many percent from the opening; none is no stop."),
    marked("Take-profit at the venue this many percent from the opening, or none."),
    marked("Minutes between two prices that are looked at."),
    marked("Exponential averages, or simple ones."),
    marked("Prices in the fast average."),
    marked("Prices in the slow average."),
    marked("Open when the fast one rises above the slow one, or falls below it."),
    marked("Opens a position of the same size at fixed times, whatever the price."),
    marked("Minutes from one opening to the next."),
    marked("Minutes after midnight UTC, or after the interval."),
    marked("How many openings in all; none is no end."),
    marked("Skip it while the price is above this; none is never."),
    marked(
        "Opens a position when the price falls or rises to a level, once until it has gone back."
    ),
    marked("Open when the price falls to this level."),
    marked("Open when the price rises to this level."),
    marked("Open anew each time; no is once in all."),
    marked("Percent the price must go back before it may open anew."),
    marked("Opens a position at each level of a grid, and again only after its profit was taken."),
    marked("The lowest price of the grid."),
    marked("Dollars from one level to the next."),
    marked("Prices in the grid, the lowest and highest counted."),
    marked("Opens a position when the price was beaten down, or driven up, by Wilder's index."),
    marked("Changes the index looks back on."),
    marked("Open when the index falls or rises to level."),
    marked("The index at which to open, 0 to 100."),
    marked("Points the index must go back before it may open anew."),
    marked("Tells of a high funding fee, closes what would pay it, and opens what receives it."),
    marked("Tell when a position is to pay more than this rate."),
    marked("Close positions that are to pay more than this rate."),
    marked("Minutes before the settlement at which they close."),
    marked(
        "Percent of a cross position that is closed then. The venue closes isolated "
        "positions whole, and so it is done."
    ),
    marked("Ids of positions that are not closed; 'cross' is the cross position."),
    marked("Open a position that receives the fee at this rate or a higher one."),
    marked("Sats of margin in the position that collects."),
    marked("Leverage of the position that collects, 1 to 100."),
    marked("Minutes before the settlement at which it opens."),
    marked("Minutes after the settlement at which it closes."),
    marked(
        "Holds a share of the sats as dollars: a short on cross margin that follows the balance."
    ),
    marked("Percent of balance and cross wallet to hold as dollars, to 99."),
    marked("Percent the short may be off before it is changed."),
    marked("Fewest dollars that are traded at once."),
    marked("Leverage of the cross wallet; 1 holds it all there."),
    marked("Move what the short needs from the balance into the wallet."),
    marked("Sats that stay in the balance all the same."),
    marked(
        "Moves margin from isolated positions that have plenty to the one nearest to liquidation."
    ),
    marked("Help a position nearer to liquidation than this, percent."),
    marked("Bring it this far away from liquidation, percent."),
    marked("Who gives must stay this far from liquidation, percent."),
    marked("Most sats in one move; none is no limit."),
    marked("Least seconds between two moves."),
    marked("Most dollars in positions and waiting orders, longs and shorts added."),
    marked("Highest leverage of a position that is opened."),
    marked("Most exposure as a multiple of everything the account is worth."),
    marked("Most positions and waiting orders for new ones."),
    marked("Sats lost by positions that ended in a UTC day; then none is opened."),
)
