"""FIX 4.2: the desks' side, Apifiny's side, and the codec between text and messages."""
