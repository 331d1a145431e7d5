"""Types: everything that an argument, a member or a result can be."""

from __future__ import annotations

from spyne.model._base import ModelBase, Null, SimpleModel
from spyne.model.binary import *  # noqa: F403
from spyne.model.complex import *  # noqa: F403
from spyne.model.enum import *  # noqa: F403
from spyne.model.fault import Fault
from spyne.model.mandatory import *  # noqa: F403
from spyne.model.primitive import *  # noqa: F403
