// The script of a whole page.
import { enhance } from './enhance.js'
import { enter } from './enter.js'
import { menus } from './menu.js'

enhance(document)
enter(document)
menus(document)
